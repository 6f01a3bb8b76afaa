import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "../../lib/app-error.ts";
import type { Pm2Client, Pm2Process } from "../../lib/processes/pm2-client.ts";
import { askHealth } from "./health.ts";
import type { OwnProcess } from "./own-processes.ts";

/** Time for all processes to answer, beyond which the start has failed. */
const healthyWithinMs = 45_000;
/** A process that was restarted this often while it should come up will not come up. */
const restartsAllowed = 2;

/** What happens to one of our processes at a start. */
export interface Step {
  own: OwnProcess;
  running: Pm2Process | undefined;
  action: "keep" | "start" | "restart";
}

/** Decides for each process: current and online is kept, anything else is started anew. */
export function planSteps(
  processes: readonly OwnProcess[],
  list: readonly Pm2Process[],
  fingerprints: Readonly<Record<string, string>>,
): Step[] {
  return processes.map((own) => {
    const running = list.find(({ name, namespace }) => name === own.name && namespace === own.spec.namespace);
    if (!running) return { own, running, action: "start" };
    const isCurrent = running.status === "online" && fingerprints[own.name] === own.fingerprint;
    return { own, running, action: isCurrent ? "keep" : "restart" };
  });
}

/** Starts what the plan says, all at once, and resolves when every process answers. Throws `unavailable` naming the ones that do not. */
export async function launch(client: Pm2Client, steps: readonly Step[]): Promise<void> {
  await Promise.all(
    steps.map(async ({ own, running, action }) => {
      if (action === "keep") return;
      if (running) await client.remove(running.pmId);
      await client.start(own.spec);
    }),
  );
  const failed = (await Promise.all(steps.map(({ own }) => waitForHealth(client, own)))).filter(
    (name) => name !== null,
  );
  if (failed.length === 0) return;
  const tails = await Promise.all(failed.map(({ spec, name }) => lastLines(spec.logFile, name)));
  throw new AppError("unavailable", `Did not become healthy: ${failed.map(({ name }) => name).join(", ")}`, {
    hint: tails.join("\n\n"),
  });
}

/** `null` when it answers, the process itself when it has failed or the time is over. */
async function waitForHealth(client: Pm2Client, own: OwnProcess): Promise<OwnProcess | null> {
  const deadline = performance.now() + healthyWithinMs;
  for (let round = 1; performance.now() < deadline; round++) {
    // Any answer counts: portos-browser answers "not ready" while Chrome is still on its way.
    if (await askHealth(own.port, own.name)) return null;
    if (round % 5 === 0) {
      const found = (await client.list()).find(({ name }) => name === own.name);
      if (!found || found.status === "errored" || found.restarts > restartsAllowed) return own;
    }
    await sleep(50);
  }
  return own;
}

/** Ends what this start began, so that nothing stays half started. */
export async function takeBack(client: Pm2Client, steps: readonly Step[]): Promise<void> {
  const begun = new Set(steps.filter(({ action }) => action !== "keep").map(({ own }) => own.name as string));
  // Processes that fail keep being restarted meanwhile: look again until none of them is left.
  for (let round = 0; round < 5; round++) {
    const left = (await client.list()).filter(({ name }) => begun.has(name));
    if (round > 0 && left.length === 0) return;
    await Promise.all(left.map(({ pmId }) => client.remove(pmId)));
    await sleep(200);
  }
}

async function lastLines(file: string, name: string, count = 12): Promise<string> {
  const handle = await open(file, "r").catch(() => null);
  if (!handle) return `${name} has written nothing.`;
  try {
    const { size } = await handle.stat();
    const bytes = Math.min(size, 8_192);
    const { buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, size - bytes);
    const lines = buffer.toString("utf8").trimEnd().split("\n").slice(-count);
    return `The end of ${file}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  } finally {
    await handle.close();
  }
}
