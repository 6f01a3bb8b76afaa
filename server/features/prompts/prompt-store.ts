import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import type { PromptInput, PromptProblem, PromptVersion } from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { identify, isSameFile, makeFolder, replaceFile, syncFolder, systemDisk } from "../../../lib/durable-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { watchFolder } from "../../../lib/watch-folder.ts";
import { BrokenFile } from "./broken-file.ts";
import { createPromptFolder, type StoredPrompt, toPrompt } from "./prompt-folder.ts";
import { createVersionFiles, maxPromptBytes } from "./version-files.ts";

export interface PromptStore {
  all(): StoredPrompt[];
  /** Files that are no prompts. */
  problems(): PromptProblem[];
  get(id: string): StoredPrompt | null;
  /** Looks at one file now, so that an edit of a moment ago counts. */
  refresh(id: string): Promise<StoredPrompt | null>;
  /** Makes a file's new content a version; the same content makes none. Throws `conflict` when its file is broken, unless that `replacesBroken`: it is kept beside the versions then. */
  write(
    id: string,
    make: (current: StoredPrompt | null) => string,
    by: { author: string; message: string; replacesBroken?: boolean },
  ): Promise<StoredPrompt>;
  /** Removes the file; its versions stay. Throws `not_found`. */
  remove(id: string): Promise<StoredPrompt>;
  /** Brings a removed file back as it was last. Throws `not_found` or `conflict`. */
  restore(id: string): Promise<StoredPrompt>;
  readVersion(id: string, number: number): Promise<{ text: string; input: PromptInput }>;
  /** An id nobody has or had. */
  freeId(wanted: string): Promise<string>;
  stop(): void;
}

export interface PromptStoreOptions {
  folder: string;
  clock: Clock;
  logger: Logger;
  /** Called after every change, by hand or not, with the ids that changed. */
  onChange(ids: readonly string[]): void;
}

/** An editor writes in steps: a file is read when it has been quiet for a moment. */
const debounceMs = 200;

/** Opens the folder of prompts and follows it. */
export async function openPromptStore(options: PromptStoreOptions): Promise<PromptStore> {
  const { folder, clock, logger, onChange } = options;
  const versionFiles = createVersionFiles(join(folder, ".versions"));
  const now = (): string => new Date(clock.now()).toISOString();
  const files = createPromptFolder({ folder, versionFiles, now, logger });
  const { entries, fileOf } = files;
  let queue: Promise<unknown> = Promise.resolve();

  /** One change at a time: each sees the file as the one before left it. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  }

  await makeFolder(systemDisk, folder);
  await files.lookAtAll();
  const stopWatching = watchFolder({
    folder,
    isWatched: (name) => name.endsWith(".md"),
    debounceMs,
    logger,
    onChange() {
      inTurn(async () => {
        onChange(await files.lookAtAll());
      }).catch((error: unknown) => {
        logger.error("The folder of prompts could not be read", {}, error);
      });
    },
  });

  async function refreshed(id: string): Promise<StoredPrompt | null> {
    if (await files.look(id)) onChange([id]);
    return entries.get(id)?.prompt ?? null;
  }

  async function put(id: string, text: string, versions: readonly PromptVersion[]): Promise<StoredPrompt> {
    const seen = entries.get(id)?.identity ?? null;
    const identity = await replaceFile(systemDisk, fileOf(id), text, {
      async beforeRename() {
        if (isSameFile(await identify(systemDisk, fileOf(id)), seen)) return;
        throw new AppError("conflict", "The file was changed by hand at this moment", {
          hint: "Look at it and save again.",
        });
      },
    });
    const prompt = await toPrompt(id, text, versions);
    entries.set(id, { identity, prompt, problem: null });
    onChange([id]);
    return prompt;
  }

  const asidePath = (id: string): Promise<string> => versionFiles.asidePath(id, now().replaceAll(/[:.]/g, "-"));

  /** What somebody wrote by hand is kept, whatever replaces it. */
  async function setAside(id: string): Promise<void> {
    await copyFile(fileOf(id), await asidePath(id));
  }

  return {
    all: () => [...entries.values()].flatMap(({ prompt }) => prompt ?? []),
    problems: files.problems,
    get: (id) => entries.get(id)?.prompt ?? null,
    refresh: (id) => inTurn(() => refreshed(id)),
    write: (id, make, { replacesBroken = false, ...by }) =>
      inTurn(async () => {
        const current = await refreshed(id);
        const problem = entries.get(id)?.problem ?? null;
        if (problem !== null && !replacesBroken) throw brokenFile(id, problem);
        const text = make(current);
        if (problem === null && current?.text === text) return current;
        if (Buffer.byteLength(text) > maxPromptBytes) throw new AppError("too_large", "A prompt has at most 1 MiB");
        await toPrompt(id, text, []); // what is stored can be read again
        const before = current?.versions ?? (await versionFiles.list(id));
        const { versions, undo } = await versionFiles.add(id, before, text, { createdAt: now(), ...by });
        try {
          if (problem !== null) await setAside(id);
          return await put(id, text, versions);
        } catch (error) {
          await undo();
          throw error;
        }
      }),
    remove: (id) =>
      inTurn(async () => {
        const prompt = await refreshed(id);
        if (prompt === null) throw missing();
        if (prompt.problem === null) await rm(fileOf(id), { force: true });
        else await rename(fileOf(id), await asidePath(id));
        await syncFolder(systemDisk, folder);
        entries.delete(id);
        onChange([id]);
        return prompt;
      }),
    restore: (id) =>
      inTurn(async () => {
        await refreshed(id);
        if (entries.has(id)) throw new AppError("conflict", "This prompt is not deleted");
        const versions = await versionFiles.list(id);
        const last = versions.at(-1);
        if (!last) throw new AppError("not_found", "This prompt can no longer be brought back");
        return put(id, await versionFiles.read(id, last.number), versions);
      }),
    async readVersion(id, number) {
      const text = await versionFiles.read(id, number);
      const { parsePromptFile } = await import("./prompt-file.ts");
      try {
        return { text, input: parsePromptFile(text, id) };
      } catch (error) {
        if (!(error instanceof BrokenFile)) throw error;
        throw new AppError("conflict", `Version ${number} cannot be read: ${error.message}`);
      }
    },
    async freeId(wanted) {
      const taken = new Set([...entries.keys(), ...(await versionFiles.ids())]);
      for (let number = 1; ; number += 1) {
        const id = number === 1 ? wanted : `${wanted.slice(0, 55)}-${number}`;
        if (!taken.has(id)) return id;
      }
    },
    stop: stopWatching,
  };
}

/** What a call on a prompt that is not there is answered with. */
export function missing(): AppError {
  return new AppError("not_found", "There is no such prompt");
}

function brokenFile(id: string, problem: string): AppError {
  return new AppError("conflict", `data/prompts/${id}.md was edited by hand and cannot be read: ${problem}`, {
    hint: "Mend it in an editor, or bring one of its versions back.",
  });
}
