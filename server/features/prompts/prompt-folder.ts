import { readdir } from "node:fs/promises";
import { join } from "node:path";

import {
  type PromptInput,
  promptIdSchema,
  type PromptProblem,
  type PromptVersion,
} from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import { type FileIdentity, identify, isSameFile, readWhole, systemDisk } from "../../../lib/durable-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { BrokenFile } from "./broken-file.ts";
import { readTemplate, type TemplateFacts } from "./template.ts";
import { maxPromptBytes, type VersionFiles } from "./version-files.ts";

/** Author of a version that was made in an editor. */
export const handAuthor = "edited by hand";

/** A prompt as it is in force. */
export interface StoredPrompt {
  readonly id: string;
  /** The whole file of the version in force. */
  readonly text: string;
  readonly input: PromptInput;
  readonly facts: TemplateFacts;
  /** Oldest first; the last one is in force. */
  readonly versions: readonly PromptVersion[];
  /** What is wrong with the file as it lies there; it is not in force then. */
  readonly problem: string | null;
}

/** Number of the version in force. */
export function versionOf({ versions }: StoredPrompt): number {
  return versions.at(-1)?.number ?? 1;
}

/** What is known of one file. */
export interface FolderEntry {
  identity: FileIdentity | null;
  prompt: StoredPrompt | null;
  /** What is wrong with the file. */
  problem: string | null;
}

/** The files as they were seen last. Its calls must follow one another. */
export interface PromptFolder {
  readonly entries: Map<string, FolderEntry>;
  fileOf(id: string): string;
  /** Reads a file if it changed; a new content of it becomes a version. Returns whether anything changed. */
  look(id: string): Promise<boolean>;
  /** Looks at every file; returns the ids that changed. */
  lookAtAll(): Promise<string[]>;
  /** Files that are no prompts. */
  problems(): PromptProblem[];
}

interface Dependencies {
  folder: string;
  versionFiles: VersionFiles;
  /** ISO 8601. */
  now(): string;
  logger: Logger;
}

/** Reads prompts out of their folder; nothing is read yet. */
export function createPromptFolder({ folder, versionFiles, now, logger }: Dependencies): PromptFolder {
  const entries = new Map<string, FolderEntry>();
  let strangers: PromptProblem[] = [];
  const fileOf = (id: string): string => join(folder, `${id}.md`);

  /** What is in force while the file itself cannot be used. */
  async function lastGood(id: string, problem: string): Promise<StoredPrompt | null> {
    const versions = entries.get(id)?.prompt?.versions ?? (await versionFiles.list(id));
    const last = versions.at(-1);
    if (!last) return null;
    return { ...(await toPrompt(id, await versionFiles.read(id, last.number), versions)), problem };
  }

  async function look(id: string): Promise<boolean> {
    const before = entries.get(id);
    const identity = await identify(systemDisk, fileOf(id));
    if (identity === null) return entries.delete(id);
    if (before && isSameFile(before.identity, identity)) return false;
    let found: { text: string; identity: FileIdentity } | null;
    try {
      found = await readText(fileOf(id));
      if (found === null) return entries.delete(id);
      const versions = before?.prompt?.versions ?? (await versionFiles.list(id));
      const last = versions.at(-1);
      const prompt = await toPrompt(id, found.text, versions);
      const isKnown = last !== undefined && (await versionFiles.read(id, last.number)) === found.text;
      const added = isKnown
        ? prompt.versions
        : (await versionFiles.add(id, versions, found.text, { createdAt: now(), author: handAuthor, message: "" }))
            .versions;
      entries.set(id, { identity: found.identity, prompt: { ...prompt, versions: added }, problem: null });
    } catch (error) {
      if (!(error instanceof BrokenFile)) throw error;
      const prompt = await lastGood(id, error.message).catch((reason: unknown) => {
        if (!(reason instanceof BrokenFile)) throw reason;
        return null;
      });
      entries.set(id, { identity, prompt, problem: error.message });
    }
    return true;
  }

  async function lookAtAll(): Promise<string[]> {
    const names = await readdir(folder, { withFileTypes: true });
    const ids = names.flatMap((entry) => (entry.isFile() ? idOf(entry.name) : null) ?? []);
    const changed: string[] = [];
    for (const id of new Set([...ids, ...entries.keys()])) {
      try {
        if (await look(id)) changed.push(id);
      } catch (error) {
        logger.error("A prompt could not be read", { id }, error);
        const message = error instanceof Error ? error.message : String(error);
        entries.set(id, { identity: null, prompt: entries.get(id)?.prompt ?? null, problem: message });
        changed.push(id);
      }
    }
    strangers = names.flatMap((entry) => strangerOf(entry.name, entry.isFile()) ?? []);
    return changed;
  }

  return {
    entries,
    fileOf,
    look,
    lookAtAll,
    problems: () => [
      ...[...entries].flatMap(([id, { prompt, problem }]) =>
        prompt === null && problem !== null ? [{ file: `${id}.md`, message: problem }] : [],
      ),
      ...strangers,
    ],
  };
}

/** What a file says, or `BrokenFile`. */
export async function toPrompt(id: string, text: string, versions: readonly PromptVersion[]): Promise<StoredPrompt> {
  const { parsePromptFile } = await import("./prompt-file.ts");
  const input = parsePromptFile(text, id);
  const facts = await readTemplate(input.body);
  if (facts.problem !== null) throw new BrokenFile(facts.problem);
  return { id, text, input, facts, versions, problem: null };
}

async function readText(file: string): Promise<{ text: string; identity: FileIdentity } | null> {
  let found: Awaited<ReturnType<typeof readWhole>>;
  try {
    found = await readWhole(systemDisk, file, maxPromptBytes);
  } catch (error) {
    if (error instanceof AppError && error.code === "too_large") throw new BrokenFile("It is larger than 1 MiB");
    throw error;
  }
  if (found === null) return null;
  if (found.bytes.length === 0) throw new BrokenFile("It is empty");
  try {
    // the byte order mark stays, so that the file can be written again as it was
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(found.bytes);
    return { text, identity: found.identity };
  } catch {
    throw new BrokenFile("It is not UTF-8 text");
  }
}

function idOf(name: string): string | null {
  const id = name.endsWith(".md") ? name.slice(0, -3) : "";
  return promptIdSchema.safeParse(id).success ? id : null;
}

function strangerOf(name: string, isFile: boolean): PromptProblem | null {
  if (!name.endsWith(".md") || name.startsWith(".") || name === "README.md") return null;
  if (!isFile) return { file: name, message: "It is not a plain file" };
  if (idOf(name) !== null) return null;
  return { file: name, message: "Its name must be lower-case letters, digits and hyphens, at most 60, then .md" };
}
