import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { dataFiles } from "../../contract/data-files.ts";
import { runIdSchema } from "../../contract/features/runs.ts";
import { internalRunsEndpoints } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { createInternalClient } from "../../lib/internal-client.ts";
import { processIdentitySchema } from "../../lib/process-identity.ts";
import { findDetached, type DetachedFiles } from "../../lib/processes/detached-program.ts";
import { endDescendants } from "../../lib/processes/end-descendants.ts";
import { runMarks } from "../../lib/run-mark.ts";
import { say, style } from "./terminal-output.ts";

/** Agents are asked to end before they are made to; all of them at once. */
const endWithinMs = 60_000;

/** As much of the record of a run as its end takes. */
const recordSchema = z.object({
  run: z.object({ id: runIdSchema, title: z.string() }),
  child: z.object({ attempt: z.int().min(1), identity: processIdentitySchema.nullable() }).nullable(),
});
type OpenRun = z.output<typeof recordSchema>;

type Places = Pick<Env, "dataDir" | "ports">;

/** Ends all runs with everything they have started, so that they can be resumed: by portos-cos, else by what it has left. */
export async function interruptRuns(env: Places): Promise<void> {
  const count = (await interruptByCos(env)) + (await endLeftRuns(env));
  if (count === 0) return;
  const runs = count === 1 ? "1 run; it" : `${count} runs; they`;
  say(`${style.green("✓")} interrupted ${runs} can be resumed after the next start`);
}

/** Says which agents go on although PortOS does not. */
export async function nameRunsGoingOn(env: Places): Promise<void> {
  const going = (await openRuns(env)).filter(({ leaderPid }) => leaderPid !== null);
  if (going.length === 0) return;
  const titles = going.map(({ run }) => run.title).join(", ");
  say(`${going.length} agent(s) go on alone, and are found again at the next start: ${titles}`);
  say("To end them, too: npm stop -- --all");
}

async function interruptByCos({ ports }: Places): Promise<number> {
  const baseUrl = `http://127.0.0.1:${ports.cos}`;
  const cos = createInternalClient(internalRunsEndpoints, { baseUrl, name: "portos-cos" });
  try {
    const message = "PortOS was stopped together with everything it runs.";
    return (await cos.interruptAll({ body: { message } }, { timeoutMs: endWithinMs })).count;
  } catch (error) {
    if (error instanceof AppError) return 0; // it is not there, or does not answer: what it leaves is ended afterwards
    throw error;
  }
}

/** Ends what a portos-cos that is gone has left; the next one finds that these runs were cut off. Answers with how many there were. */
export async function endLeftRuns(env: Places): Promise<number> {
  const mark = runMarks(env.dataDir);
  const open = await openRuns(env);
  await Promise.all(
    open.map(async ({ run: { id }, child, leaderPid }) => {
      await endDescendants({ leaderPid, mark: mark(id).join("=") });
      // How a program ends that is told to says nothing of its work.
      if (leaderPid !== null && child) await rm(filesOf(env, id, child.attempt).exit, { force: true });
    }),
  );
  return open.filter(({ leaderPid }) => leaderPid !== null).length;
}

/** `leaderPid`: the program of its last attempt goes on, and this is who leads it. */
async function openRuns(env: Places): Promise<(OpenRun & { leaderPid: number | null })[]> {
  const ids = await readdir(folderOf(env, "open")).catch(() => []);
  const found = await Promise.all(
    ids.map(async (id) => {
      const text = await readFile(join(folderOf(env, id), "record.json"), "utf8").catch(() => "");
      const record = recordSchema.safeParse(parsed(text));
      if (!record.success) return null; // portos-cos says so when it meets it
      return { ...record.data, leaderPid: await leaderOf(env, record.data) };
    }),
  );
  return found.filter((run) => run !== null);
}

async function leaderOf(env: Places, { run: { id }, child }: OpenRun): Promise<number | null> {
  if (child === null) return null;
  const found = await findDetached(filesOf(env, id, child.attempt), child.identity);
  if (found?.state !== "running") return null;
  found.program.forget();
  return found.program.identity.pid;
}

/** Where the program of an attempt tells of itself. */
function filesOf(env: Places, id: string, attempt: number): DetachedFiles {
  const name = (ending: string): string => join(folderOf(env, id), `attempt-${attempt}.${ending}`);
  return { stdout: name("out"), stderr: name("err"), pid: name("pid"), exit: name("exit") };
}

function folderOf({ dataDir }: Places, name: string): string {
  return join(dataDir, dataFiles.runs.path, name);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
