import { z } from "zod";

import { type PromptImportOutcome, promptIdSchema } from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import { BrokenFile } from "./broken-file.ts";
import type { PromptStore } from "./prompt-store.ts";
import { slugOf } from "./slug.ts";
import { readTemplate } from "./template.ts";

const bundleFormat = "portos-prompts";

/** Several prompts in one file: each the whole text of its Markdown file. */
const bundleSchema = z.object({
  format: z.literal(bundleFormat),
  version: z.literal(1),
  prompts: z.array(z.object({ id: z.string().max(60), text: z.string() })).max(1_000),
});

interface Candidate {
  id: string;
  text: string;
}

/** One of a file; `problem`: what is wrong with the file as a whole, whose name stands as its id. */
type Found = Candidate & { problem?: string };

type Decisions = Readonly<Record<string, "replace" | "copy" | "skip">>;

/** Several prompts as one file. */
export function formatBundle(prompts: readonly Candidate[]): string {
  return `${JSON.stringify({ format: bundleFormat, version: 1, prompts }, null, 2)}\n`;
}

/** Takes files in one by one: what is broken or clashes is told and stops no other. */
export async function importPrompts(
  store: PromptStore,
  files: readonly { name: string; text: string }[],
  decisions: Decisions,
  author: string,
): Promise<PromptImportOutcome[]> {
  const outcomes: PromptImportOutcome[] = [];
  for (const { id, text, problem } of files.flatMap(candidatesOf)) {
    try {
      if (problem !== undefined) throw new BrokenFile(problem);
      const title = await titleOf(id, text);
      outcomes.push({ id, title, ...(await take(store, { id, text }, decisions[id], author)) });
    } catch (error) {
      if (!(error instanceof BrokenFile) && !(error instanceof AppError)) throw error;
      outcomes.push({ id, title: id, outcome: "broken", savedAs: null, message: error.message });
    }
  }
  return outcomes;
}

function candidatesOf({ name, text }: { name: string; text: string }): Found[] {
  const broken = (what: string): Found[] => [{ id: name, text: "", problem: `${name} ${what}` }];
  if (!name.toLowerCase().endsWith(".json")) {
    const base = name.replace(/^.*[\\/]/, "").replace(/\.(?:md|markdown|txt)$/i, "");
    return [{ id: promptIdSchema.safeParse(base).success ? base : slugOf(base), text }];
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return broken("is not JSON");
  }
  const bundle = bundleSchema.safeParse(json);
  if (!bundle.success) return broken("is not a bundle of prompts");
  return bundle.data.prompts;
}

async function titleOf(id: string, text: string): Promise<string> {
  if (!promptIdSchema.safeParse(id).success) throw new BrokenFile("Its id is not one of a prompt");
  const { parsePromptFile } = await import("./prompt-file.ts");
  const { title, body } = parsePromptFile(text, id);
  const { problem } = await readTemplate(body);
  if (problem !== null) throw new BrokenFile(problem);
  return title;
}

async function take(
  store: PromptStore,
  { id, text }: Candidate,
  decision: Decisions[string] | undefined,
  author: string,
): Promise<Pick<PromptImportOutcome, "outcome" | "savedAs" | "message">> {
  const current = await store.refresh(id);
  const by = { author, message: "Imported" };
  if (current === null) {
    await store.write(id, () => text, by);
    return { outcome: "added", savedAs: id, message: null };
  }
  if (current.text === text) return { outcome: "same", savedAs: id, message: null };
  switch (decision) {
    case "replace":
      await store.write(id, () => text, by);
      return { outcome: "replaced", savedAs: id, message: null };
    case "copy": {
      const copy = await store.freeId(id);
      await store.write(copy, () => text, by);
      return { outcome: "added", savedAs: copy, message: null };
    }
    case "skip":
      return { outcome: "skipped", savedAs: null, message: null };
    case undefined:
      break;
  }
  return { outcome: "conflict", savedAs: null, message: `${current.input.title} is here already` };
}
