import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { type PromptVersion, promptVersionSchema } from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import { errorCode, makeFolder, readWhole, replaceFile, systemDisk } from "../../../lib/durable-file.ts";

/** Largest file that is read as a prompt. */
export const maxPromptBytes = 1_048_576;

/** Who made a version whose entry in the index is gone. */
export const unknownAuthor = "not known";

/** All versions of all prompts: `<folder>/<id>/<number>.md`, each the whole file, beside an index of who made them and when. */
export interface VersionFiles {
  /** Oldest first; empty for a prompt that never was. */
  list(id: string): Promise<PromptVersion[]>;
  /** Throws `not_found`. */
  read(id: string, number: number): Promise<string>;
  /** Writes the next version; returns the list with it, and how to take it back. */
  add(
    id: string,
    versions: readonly PromptVersion[],
    text: string,
    facts: Pick<PromptVersion, "createdAt" | "author" | "message">,
  ): Promise<{ versions: PromptVersion[]; undo(): Promise<void> }>;
  /** Ids that have versions, those of deleted prompts included. */
  ids(): Promise<string[]>;
  /** A place for a broken file that is deleted. */
  asidePath(id: string, time: string): Promise<string>;
}

const indexSchema = z.array(promptVersionSchema);

/** Versions in a folder that is made with the first one. */
export function createVersionFiles(folder: string): VersionFiles {
  const folderOf = (id: string): string => join(folder, id);
  const indexOf = (id: string): string => join(folderOf(id), "index.json");
  const fileOf = (id: string, number: number): string => join(folderOf(id), `${number}.md`);

  async function list(id: string): Promise<PromptVersion[]> {
    const names = await namesIn(folderOf(id));
    const numbers = names
      .flatMap((name) => /^([1-9]\d{0,5})\.md$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
    if (numbers.length === 0) return [];
    const index = new Map((await readIndex(indexOf(id))).map((version) => [version.number, version]));
    return Promise.all(numbers.map(async (number) => index.get(number) ?? factsOf(fileOf(id, number), number)));
  }

  return {
    list,
    async read(id, number) {
      const content = await readWhole(systemDisk, fileOf(id, number), maxPromptBytes);
      if (content === null) throw new AppError("not_found", `There is no version ${number} of this prompt`);
      return content.bytes.toString("utf8");
    },
    async add(id, versions, text, facts) {
      const number = (versions.at(-1)?.number ?? 0) + 1;
      const added = [...versions, { number, ...facts, bytes: Buffer.byteLength(text) }];
      await makeFolder(systemDisk, folderOf(id));
      await replaceFile(systemDisk, fileOf(id, number), text);
      await replaceFile(systemDisk, indexOf(id), formatIndex(added));
      return {
        versions: added,
        async undo() {
          await replaceFile(systemDisk, indexOf(id), formatIndex(versions));
          await rm(fileOf(id, number), { force: true });
        },
      };
    },
    async ids() {
      return (await namesIn(folder)).filter((name) => /^[a-z0-9][a-z0-9-]{0,59}$/.test(name));
    },
    async asidePath(id, time) {
      await makeFolder(systemDisk, folderOf(id));
      return join(folderOf(id), `broken-${time}.md`);
    },
  };
}

function formatIndex(versions: readonly PromptVersion[]): string {
  return `${JSON.stringify(versions, null, 2)}\n`;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** A damaged index costs the names of the authors, never a version. */
async function readIndex(file: string): Promise<PromptVersion[]> {
  try {
    const index = indexSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
    return index.success ? index.data : [];
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return [];
    throw error;
  }
}

async function factsOf(file: string, number: number): Promise<PromptVersion> {
  const facts = await stat(file);
  return { number, createdAt: facts.mtime.toISOString(), author: unknownAuthor, message: "", bytes: facts.size };
}
