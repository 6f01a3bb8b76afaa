import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "../app-error.ts";
import { errorCode } from "../durable-file.ts";
import { identityOf } from "../process-identity.ts";
import { treeOf, type KnownProcess } from "./known-process.ts";

/** From the polite signal to SIGKILL: what PM2 gives a process, too. */
const defaultGraceMs = 5_000;
const killedWithinMs = 3_000;
const lookEveryMs = 50;

type Member = { pid: number; startedAt: string };

/**
 * Ends a process PM2 once started, with everything it has started: SIGINT as PM2 does, SIGKILL after the grace time. Only what is
 * recognised right before is signalled. Throws `conflict` when something of it stays.
 */
export async function endTree(record: KnownProcess, graceMs = defaultGraceMs): Promise<void> {
  const tree = await treeOf(record);
  signalAll(tree, "SIGINT");
  let left = await waitFor(tree, graceMs);
  if (left.length === 0) return;
  signalAll(left, "SIGKILL");
  left = await waitFor(left, killedWithinMs);
  if (left.length === 0) return;
  const pids = left.map(({ pid }) => pid).join(", ");
  throw new AppError("conflict", `${record.name} could not be ended (pid ${pids})`, {
    hint: "End it by hand, then try again.",
  });
}

async function waitFor(members: readonly Member[], withinMs: number): Promise<Member[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const starts = await Promise.all(members.map(({ pid }) => identityOf(pid)));
    const left = members.filter(({ startedAt }, index) => starts[index]?.startedAt === startedAt);
    if (left.length === 0 || performance.now() > until) return left;
    await sleep(lookEveryMs);
  }
}

function signalAll(members: readonly Member[], signal: NodeJS.Signals): void {
  for (const { pid } of members) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) !== "ESRCH" && errorCode(error) !== "EPERM") throw error;
    }
  }
}
