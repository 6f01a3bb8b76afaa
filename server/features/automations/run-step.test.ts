import { getEventListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import type { GatewayReply, GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import { detached, type RunContext } from "./action-runner.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { createConnectorAction } from "./connector-action.ts";
import { openStepMemories } from "./step-memory.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-steps-"));
});
afterEach(() => rm(directory, { recursive: true }));

const row = { id: "oc-0123abcd", automationId: "au-0123abcd", name: "Steps", trigger: "manual", who: "you" };
const steps = [1, 2, 3].map((number) => ({ connector: "things", operation: "put", params: { number } }));

/** Runs all steps; answers what came of it, and who still listens for the end of the run and of PortOS. */
async function run(execute: (request: GatewayRequest, ends: { run(): void; portos(): void }) => Promise<unknown>) {
  const [cancel, leave] = [new AbortController(), new AbortController()];
  const ends = {
    run: () => {
      cancel.abort("Cancelled by you");
    },
    portos: () => {
      leave.abort();
    },
  };
  const action = createConnectorAction({
    connectors: {
      execute: async (request: GatewayRequest) =>
        ({ output: await execute(request, ends), evidenceId: "ev-1" }) as GatewayReply,
    } as unknown as AutomationConnectors,
    memories: openStepMemories({ directory, logger: silentLogger }),
    events: { read: () => Promise.resolve(null) },
    clock: { now: () => 0 },
  });
  const context = { row, signal: cancel.signal, detach: leave.signal, progress: () => Promise.resolve() };
  const outcome = await action.start(context as unknown as RunContext, { kind: "connector", steps });
  return { outcome, listening: [cancel.signal, leave.signal].map((one) => getEventListeners(one, "abort").length) };
}

function untilAborted({ signal }: GatewayRequest): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}

test("steps that are over listen no more for the end of the run or of PortOS", async () => {
  const done = await run(() => Promise.resolve(null));
  expect(done).toMatchObject({ outcome: { state: "succeeded" }, listening: [0, 0] });
  const failed = await run(() => Promise.reject(new Error("It did not work")));
  expect(failed).toMatchObject({ outcome: { state: "failed" }, listening: [0, 0] });
});

test("a call under way ends with its run, and is left as it is when PortOS ends", async () => {
  const cancelled = await run((request, ends) => {
    setImmediate(ends.run);
    return untilAborted(request);
  });
  expect(cancelled).toMatchObject({ outcome: { state: "cancelled" }, listening: [0, 0] });
  const left = await run((request, ends) => {
    setImmediate(ends.portos);
    return untilAborted(request);
  });
  expect(left).toEqual({ outcome: detached, listening: [0, 0] });
});
