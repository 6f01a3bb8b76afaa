import { join } from "node:path";

import { z } from "zod";

import { AppError } from "../../../../lib/app-error.ts";
import { runCommand } from "../../../../lib/processes/run-command.ts";

const replySchema = z.union([
  z.strictObject({ ok: z.literal(true), files: z.array(z.string()), hash: z.string() }),
  z.strictObject({ ok: z.literal(false), message: z.string() }),
]);

/** What a module is made of. */
export interface BuiltModule {
  /** Names in its folder. */
  files: string[];
  hash: string;
}

/**
 * Puts a module and what it imports into one file, `output`; with none it is only looked what it is made of. Nothing of it is run.
 * Throws `invalid_request` with what is wrong with it.
 */
export async function buildModule(
  { rootDir, folder, file }: { rootDir: string; folder: string; file: string },
  output?: string,
): Promise<BuiltModule> {
  const script = join(rootDir, "scripts/build-connector-module.mjs");
  const args = [script, folder, file, ...(output === undefined ? [] : [output])];
  const ran = await runCommand(process.execPath, args, { cwd: rootDir, timeoutMs: 60_000, isBackground: false });
  const last = ran.stdout.trim().split("\n").at(-1) ?? "";
  const reply = replySchema.safeParse(last.startsWith("{") ? JSON.parse(last) : null);
  if (reply.success && reply.data.ok) return reply.data;
  const why = reply.success && !reply.data.ok ? reply.data.message : ran.stderr.trim().slice(-500);
  throw new AppError("invalid_request", `${file} cannot be used: ${why === "" ? "it could not be built" : why}`, {
    hint: "Correct the file; it is looked at again.",
  });
}
