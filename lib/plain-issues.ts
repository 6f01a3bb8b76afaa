import { z } from "zod";

type Issue = Parameters<z.core.$ZodErrorMap>[0];

const typeNames: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  null: "null",
  date: "a date",
};

const formats: Record<string, string> = {
  email: "an e-mail address",
  url: "an address like https://example.com",
  datetime: "a time like 2026-05-01T12:00:00Z",
  date: "a day like 2026-05-01",
  time: "a time like 12:00",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  uuid: "a UUID",
};

/**
 * The rule a value breaks as the end of a sentence that begins with the name of the field, for every rule that has no words of
 * its own: "must be a whole number", "must have at most 200 characters". Field names and values of the input are quoted as JSON.
 */
export function plainIssue(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "must be given" : `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "too_small":
      if (issue.exact === true) return `must ${amount(issue.origin, "exactly", issue.minimum)}`;
      if (issue.origin === "string" && Number(issue.minimum) === 1) return "must not be empty";
      return `must ${amount(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum)}`;
    case "too_big":
      if (issue.exact === true) return `must ${amount(issue.origin, "exactly", issue.maximum)}`;
      return `must ${amount(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum)}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `must not have ${issue.keys.length === 1 ? "a field" : "fields"} called ${list(issue.keys, "or")}`;
    case "invalid_format":
      return formatRule(issue);
    case "invalid_key":
      return "has a name that is not allowed";
    case "invalid_union":
      return unionRule(issue);
    case "invalid_element":
      return "has an entry that is not allowed";
    case "custom":
    default:
      return "is not allowed";
  }
}

function formatRule(issue: Extract<Issue, { code: "invalid_format" }>): string {
  if (issue.format === "starts_with") return `must begin with ${JSON.stringify(issue["prefix"])}`;
  if (issue.format === "ends_with") return `must end with ${JSON.stringify(issue["suffix"])}`;
  if (issue.format === "includes") return `must contain ${JSON.stringify(issue["includes"])}`;
  if (issue.format === "regex") return `must look like ${String(issue.pattern)}`;
  return `must be ${formats[issue.format] ?? `of the form ${issue.format}`}`;
}

/** A union is told apart by one field, when it has one; otherwise all that can be said is that nothing fits. */
function unionRule(issue: Extract<Issue, { code: "invalid_union" }>): string {
  const options: unknown = issue["options"];
  return Array.isArray(options) && options.length > 0 ? `must be ${oneOf(options)}` : "has none of the allowed forms";
}

function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === "string") return `have ${bound} ${limit} ${limit === 1 ? "character" : "characters"}`;
  if (origin === "array" || origin === "set" || origin === "map" || origin === "record")
    return `have ${bound} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return `be ${bound === "exactly" ? "" : `${bound} `}${limit}`;
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? JSON.stringify(values[0]) : `one of ${list(values, "or")}`;
}

function list(values: readonly unknown[], word: "and" | "or"): string {
  const texts = values.map((value) => (typeof value === "bigint" ? String(value) : JSON.stringify(value)));
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} ${word} ${texts.at(-1) ?? ""}`;
}

// For every schema of the process: whoever parses what a user wrote imports this file.
z.config({ localeError: plainIssue });
