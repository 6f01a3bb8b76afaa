import { join } from "node:path";

import { dataFiles } from "../../contract/data-files.ts";
import { accessFile, followGuests, type AccessFile } from "../../lib/access-file.ts";
import { AppError } from "../../lib/app-error.ts";
import { readWhole, replaceFile, systemDisk } from "../../lib/durable-file.ts";
import type { Env } from "../../lib/env.ts";
import { formatDocument } from "../../lib/json-document.ts";
import { openJsonStore } from "../../lib/json-store.ts";
import { silentLogger } from "../../lib/logger.ts";
import { say, style } from "./terminal-output.ts";

/**
 * Prints who may come in; with `isPinReset` it takes the PIN away first, as an edit of the file by hand: a PortOS that
 * runs takes it up at once. Answers whether the file could be read.
 */
export async function access(env: Env, { isPinReset }: { isPinReset: boolean }): Promise<boolean> {
  const file = join(env.dataDir, dataFiles.access.path);
  const store = await openJsonStore({ ...accessFile, file, logger: silentLogger, mode: "read" });
  try {
    if (isPinReset) await resetPin(file, store.get());
    const guests = followGuests(store, env.dataDir);
    const { isOn, logins, nodes } = guests.list();
    guests.stop();
    if (!isOn) say("Every device of the tailnet may come in.");
    else say(`Only this machine and these may come in: ${[...logins, ...nodes].join(", ") || "nobody else"}.`);
    if (isPinReset) say(`${style.green("✓")} The PIN is off. Set a new one under System, Access.`);
    else
      say(store.get().pin === null ? "No PIN is set." : "A PIN is asked for. Forgotten? npm run access -- --reset-pin");
    for (const { message } of store.problems()) say(`${style.red("✗")} ${message}`);
    return store.problems().length === 0;
  } finally {
    await store.close();
  }
}

async function resetPin(file: string, value: AccessFile): Promise<void> {
  if ((await readWhole(systemDisk, file, 1024 * 1024)) === null) {
    if (value.pin === null) return;
    throw new AppError("not_found", `${file} is gone, but its backup holds a PIN`, {
      hint: `Remove ${file}.backup, too.`,
    });
  }
  await replaceFile(systemDisk, file, formatDocument({ ...value, pin: null }, accessFile.version), {
    temporary: `${file}.${process.pid}.tmp`,
  });
}
