import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import { type PromptInput, promptInputSchema, type PromptVariable } from "../../../contract/features/prompts.ts";
import { BrokenFile } from "./broken-file.ts";
import { editFrontMatter, type FrontMatterEdit, joinMarkdown, readFrontMatter, splitMarkdown } from "./front-matter.ts";

/** A variable as the front matter writes it; keys that are not listed belong to the author. */
const fileVariableSchema = z.looseObject({
  name: z.string({ error: "must be a text" }),
  type: z.string({ error: "must be a text" }).optional(),
  description: z.string({ error: "must be a text" }).nullish(),
  required: z.boolean({ error: "must be true or false" }).optional(),
  default: z.unknown().optional(),
  choices: z
    .array(z.string({ error: "must be a text; put numbers in quotes" }), { error: "must be a list" })
    .optional(),
});

const fileSchema = z.looseObject({
  title: z.string({ error: "must be a text" }).nullish(),
  description: z.string({ error: "must be a text" }).nullish(),
  variables: z.array(fileVariableSchema, { error: "must be a list of variables with - name" }).nullish(),
});

/** Reads what a prompt file says. Throws `BrokenFile` with what is wrong, for the user. */
export function parsePromptFile(text: string, id: string): PromptInput {
  const { open, head, body } = splitMarkdown(text);
  const file = fileSchema.safeParse(open === "" ? {} : readFrontMatter(head));
  if (!file.success) throw new BrokenFile(inWords(file.error));
  const { title, description, variables } = file.data;
  const plainBody = body.replaceAll("\r\n", "\n");
  const input = promptInputSchema.safeParse({
    title: title ?? titleFrom(plainBody, id),
    description: description ?? "",
    variables: (variables ?? []).map(toVariable),
    body: plainBody,
  });
  if (!input.success) throw new BrokenFile(inWords(input.error));
  return input.data;
}

/**
 * A prompt file with another content. What did not change keeps its bytes; so do unknown keys, comments, the kind of newlines
 * and a byte order mark. `before` is the file as it is, or `null` for a new one.
 */
export function formatPromptFile(before: { text: string; id: string } | null, input: PromptInput): string {
  if (before === null) {
    const head = editFrontMatter("", editsFor(null, input));
    return joinMarkdown({ open: "---\n", head, close: "---\n", gap: "\n", body: input.body, end: "\n" });
  }
  const parts = splitMarkdown(before.text);
  const current = parsePromptFile(before.text, before.id);
  const eol = before.text.includes("\r\n") ? "\r\n" : "\n";
  const body = current.body === input.body ? parts.body : input.body.replaceAll("\n", eol);
  const edits = editsFor(current, input);
  if (parts.open !== "" || edits.length === 0)
    return joinMarkdown({ ...parts, body, head: editFrontMatter(parts.head, edits) });
  const head = editFrontMatter("", editsFor(null, input)).replaceAll("\n", eol);
  return joinMarkdown({ ...parts, open: `---${eol}`, head, close: `---${eol}`, gap: parts.gap || eol, body });
}

/** What must be written so that the front matter says the same as `input`. */
function editsFor(current: PromptInput | null, input: PromptInput): FrontMatterEdit[] {
  const edits: FrontMatterEdit[] = [];
  if (current?.title !== input.title) edits.push(["title", input.title]);
  if ((current?.description ?? "") !== input.description) edits.push(["description", input.description]);
  if (!isDeepStrictEqual(current?.variables ?? [], input.variables))
    edits.push(["variables", input.variables.map(fromVariable)]);
  return edits;
}

function toVariable({
  name,
  type,
  description,
  required,
  default: value,
  choices,
}: z.output<typeof fileVariableSchema>) {
  const given = value ?? null;
  return {
    name,
    type: type ?? "text",
    description: description ?? "",
    isRequired: required ?? true,
    // YAML reads yes and no as texts
    default: type === "yes-no" && (given === "yes" || given === "no") ? given === "yes" : given,
    choices: choices ?? [],
  };
}

function fromVariable({ name, type, description, isRequired, default: value, choices }: PromptVariable) {
  return {
    name,
    type,
    description: description === "" ? undefined : description,
    required: isRequired ? undefined : false,
    choices: choices.length === 0 ? undefined : choices,
    default: value ?? undefined,
  };
}

function titleFrom(body: string, id: string): string {
  const heading = /^#{1,6}[ \t]+(.+)$/m
    .exec(body)?.[1]
    ?.replace(/[ \t]#+[ \t]*$/, "")
    .trim();
  const words = id.replaceAll("-", " ");
  return (heading ?? words.charAt(0).toUpperCase() + words.slice(1)).slice(0, 120);
}

function inWords(error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return "It does not follow the rules of a prompt";
  const [first, second, third] = issue.path.map(String);
  const field = third === "isRequired" ? "required" : third;
  if (first === "variables" && second !== undefined)
    return `Variable ${Number(second) + 1}${field === undefined ? "" : `, ${field}`}: ${issue.message}`;
  return first === "body" ? `Its text ${issue.message}` : `${first ?? "It"}: ${issue.message}`;
}
