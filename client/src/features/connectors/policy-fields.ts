import type { ConnectorPolicy } from "../../../../contract/features/connectors.ts";
import { callerWords } from "../../lib/gateway-words.ts";
import type { Choice, Field, Shape } from "../../ui/schema-form/schema-fields.ts";
import type { Values } from "../../ui/schema-form/schema-values.ts";

/** Fields of a policy that belong together. */
export interface PolicyPart {
  readonly title: string;
  readonly fields: readonly Field[];
}

export const approvalChoices: readonly Choice[] = [
  { value: "rules", label: "As usual" },
  { value: "never", label: "Never ask" },
  { value: "writes", label: "Ask before what changes something" },
  { value: "always", label: "Always ask" },
];
const lines: Shape = { kind: "lines" };
const yesNo: Shape = { kind: "boolean" };

function whole(min: number, max: number): Shape {
  return { kind: "number", isInteger: true, min, max };
}

function field(
  name: keyof ConnectorPolicy,
  label: string,
  description: string,
  shape: Shape,
  fallback?: unknown,
): Field {
  return { name, label, description, shape, fallback, isRequired: false };
}

function whoAndWhat(operations: readonly Choice[]): PolicyPart {
  const callers = Object.entries(callerWords).map(([value, label]) => ({ value, label }));
  return {
    title: "Who and what",
    fields: [
      field("callers", "Who may call", "Everybody else is refused.", { kind: "choices", choices: callers }, []),
      {
        ...field("operations", "Operations", "Only those chosen are allowed.", {
          kind: "choices",
          choices: operations,
        }),
        emptyText: "All operations",
      },
      field(
        "approval",
        "When you are asked",
        "As usual: before what people read and what destroys something, unless a rule answers. Who presses a button here has decided already, so only “Always ask” asks a person.",
        { kind: "choice", choices: approvalChoices },
        "rules",
      ),
    ],
  };
}

const places: PolicyPart = {
  title: "Where to",
  fields: [
    field(
      "allowedDomains",
      "Allowed domains",
      "Only these may be called, one per line: example.com, *.example.com. With none, every public domain and what the configuration names.",
      lines,
    ),
    field("blockedDomains", "Blocked domains", "Never called, whatever else allows them.", lines),
    field(
      "insides",
      "Places inside",
      "Places on this machine, at home or in the tailnet that may be called: nas.local:9000, 127.0.0.1:3000. All others are refused.",
      lines,
    ),
    field("extraPorts", "Further ports", "Besides 80, 443 and 8080, such as 8443, 9000.", {
      kind: "numbers",
    }),
  ],
};

const limits: PolicyPart = {
  title: "Limits",
  fields: [
    field("perMinute", "Calls in a minute", "Empty: no limit.", whole(1, 100_000)),
    field("perDay", "Calls in a day", "Empty: no limit. They are counted over restarts.", whole(1, 10_000_000)),
    field("timeoutMs", "Time for a call", "In milliseconds, repeated tries included.", whole(100, 3_600_000), 60_000),
    field("maxRequestBytes", "Most bytes sent", "Larger calls are refused.", whole(1_024, 1_073_741_824), 10_485_760),
    field(
      "maxReplyBytes",
      "Most bytes received",
      "Larger replies are cut off.",
      whole(1_024, 1_073_741_824),
      10_485_760,
    ),
  ],
};

const care: PolicyPart = {
  title: "Care",
  fields: [
    field("cleansInput", "Clean what is sent", "Takes out control characters and forbidden header bytes.", yesNo, true),
    field("cleansOutput", "Clean what comes back", "Takes out secrets, scripts and control characters.", yesNo, true),
    field(
      "keepsExcerpt",
      "Keep an excerpt",
      "The first characters of each reply stand with its evidence; otherwise only its hash.",
      yesNo,
      false,
    ),
    field(
      "quietHours",
      "Quiet hours",
      "Only people may call then. Times of this machine, such as 22:00; empty for none.",
      {
        kind: "group",
        fields: ["from", "to"].map((name) => ({
          name,
          label: name === "from" ? "From" : "To",
          description: "",
          isRequired: false,
          fallback: undefined,
          shape: { kind: "text", isLong: false, isAddress: false },
        })),
      },
    ),
  ],
};

/** Every field of a policy, with what it means. */
export function policyParts(operations: readonly { name: string; title: string }[]): PolicyPart[] {
  const choices = operations.map(({ name, title }) => ({ value: name, label: title }));
  return [whoAndWhat(choices), places, limits, care];
}

/** Fields in which nothing means "no limit", not "as usual". */
const open = ["operations", "perMinute", "perDay", "quietHours"] as const;

/** A policy as the form holds it: what is not limited is left out. */
export function toValues(policy: ConnectorPolicy): Values {
  return Object.fromEntries(
    Object.entries(policy).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  );
}

/** What stands for a field that is left empty. */
const usual: ConnectorPolicy = {
  operations: null,
  callers: [],
  allowedDomains: [],
  blockedDomains: [],
  insides: [],
  extraPorts: [],
  approval: "rules",
  perMinute: null,
  perDay: null,
  maxRequestBytes: 10_485_760,
  maxReplyBytes: 10_485_760,
  timeoutMs: 60_000,
  cleansInput: true,
  cleansOutput: true,
  quietHours: null,
  keepsExcerpt: false,
};

/** The reverse; always a whole policy. */
export function toPolicy(values: Values): ConnectorPolicy {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  for (const name of open) {
    const value = given[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) given[name] = null;
  }
  return { ...usual, ...given };
}

/** Name of a field, as the form has it. */
export function policyLabel(name: string): string {
  const all = policyParts([]).flatMap(({ fields }) => fields);
  return all.find((one) => one.name === name)?.label ?? name;
}
