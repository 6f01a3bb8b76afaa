import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import { AppError } from "./app-error.ts";
import type { Env } from "./env.ts";
import type { Logger } from "./logger.ts";
import { createSecretBox, sealedSecretSchema, type SecretBox } from "./secret-box.ts";

/** Lets `redact` know the secrets of `data/`, in a process that did not seal or open them itself. */
export interface KnownSecrets {
  /** Reads the files that changed since the last time. Never throws: what cannot be read is logged and left out. */
  refresh(): Promise<void>;
}

const filesWithSecrets = [
  dataFiles.apps,
  dataFiles.automations,
  dataFiles.providers,
  dataFiles.hooks,
  dataFiles.connectors,
  dataFiles.feeds,
].map(({ path }) => path);

/** Creates it; nothing is read before the first `refresh`. The files are only ever read. */
export function createKnownSecrets({ env, logger }: { env: Env; logger: Logger }): KnownSecrets {
  const box = createSecretBox({
    configDir: env.configDir,
    fingerprintFile: join(env.dataDir, dataFiles.secretsKey.path),
    variables: process.env,
    logger,
  });
  const seen = new Map<string, string>();
  let running: Promise<void> | null = null;

  async function look(file: string): Promise<void> {
    const state = await stat(file).catch(() => null);
    const mark = state ? `${state.ino}:${state.size}:${state.mtimeMs}` : "";
    if (state === null || seen.get(file) === mark) return;
    try {
      await openAll(JSON.parse(await readFile(file, "utf8")), box);
      seen.set(file, mark);
    } catch (error) {
      // Being written by hand just now, or damaged; its owner says so to the user.
      logger.debug("Secrets of a file cannot be known", { file, reason: error instanceof Error ? error.name : "" });
    }
  }

  async function lookAtAll(): Promise<void> {
    await box.check(); // with it the key itself is known
    for (const path of filesWithSecrets) await look(join(env.dataDir, path));
  }

  return {
    refresh() {
      running ??= lookAtAll().finally(() => {
        running = null;
      });
      return running;
    },
  };
}

/** Opens every sealed value, and what stands plainly or as `env:NAME` where a secret is meant. */
async function openAll(root: unknown, box: Pick<SecretBox, "open">): Promise<void> {
  const left: unknown[] = [root];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== "object" || value === null) continue;
    const sealed = sealedSecretSchema.safeParse(value);
    if (sealed.success) await openQuietly(sealed.data, box);
    else if ("isSecret" in value && value.isSecret === true && "value" in value && typeof value.value === "string")
      await openQuietly(value.value, box);
    left.push(...Object.values(value));
  }
}

/** What cannot be opened here was handed to no program from here. */
async function openQuietly(stored: Parameters<SecretBox["open"]>[0], box: Pick<SecretBox, "open">): Promise<void> {
  try {
    await box.open(stored);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}
