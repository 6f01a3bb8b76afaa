import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import type { GatewayReply, GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import type { RunContext } from "./action-runner.ts";
import { createConnectorAction } from "./connector-action.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { maxRunBytes, openStepMemories, stepKey, type StepMemories } from "./step-memory.ts";

const mebibyte = 1024 * 1024;
const occurrence = "oc-0123abcd";

let directory: string;
let memories: StepMemories;
let asked: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-kept-"));
  memories = openStepMemories({ directory, logger: silentLogger });
  asked = [];
});
afterEach(() => rm(directory, { recursive: true }));

/** Gives as many MiB as it is asked for. */
function execute({ params }: GatewayRequest): Promise<GatewayReply> {
  asked.push(params);
  const { mib = 0 } = params as { mib?: number };
  return Promise.resolve({ output: { text: "x".repeat(mib * mebibyte) }, evidenceId: "ev-1" } as GatewayReply);
}

/** Runs steps that ask for so many MiB, or read what is written there. */
async function run(params: { mib?: number; text?: string }[]) {
  const steps = params.map((own) => ({ connector: "files", operation: "get", params: own }));
  const row = { id: occurrence, automationId: "au-0123abcd", name: "Files", trigger: "manual", who: "you" };
  const [signal, detach] = [new AbortController().signal, new AbortController().signal];
  const context = { row, signal, detach, progress: () => Promise.resolve() } as unknown as RunContext;
  const action = createConnectorAction({
    connectors: { execute } as unknown as AutomationConnectors,
    memories,
    events: { read: () => Promise.resolve(null) },
    clock: { now: () => 0 },
  });
  return action.start(context, { kind: "connector", steps });
}

test("a run keeps only so much of what all its steps give together; the step that needs more says which and what to do", async () => {
  const outcome = await run([{ mib: 7 }, { mib: 7 }, { mib: 7 }, { text: "{{ step3.text }}" }, { text: "never" }]);
  expect(outcome).toMatchObject({
    state: "failed",
    reason: expect.stringContaining("Step 4, files get: It uses what step 3 (files get) gave") as string,
    steps: [
      { state: "succeeded", message: null },
      { state: "succeeded", message: null },
      { state: "succeeded", message: "What it gave is too large to be kept" },
      { state: "failed", code: "too_large", hint: expect.stringContaining("Ask for less in step 3") as string },
      { state: "skipped" },
    ],
  });
  expect(asked).toHaveLength(3);
  const { size } = await stat(join(directory, `${occurrence}.calls.json`));
  expect(size).toBeLessThan(maxRunBytes + mebibyte);
  const { results = [] } = (await memories.read(occurrence)) ?? {};
  expect(results.map((result) => result?.isTooLarge)).toEqual([undefined, undefined, true]);
});

test("a step nobody reads may give more than is kept, and what is small goes on after it", async () => {
  const outcome = await run([{ mib: 9 }, { mib: 7 }, { mib: 7 }, { mib: 7 }, { mib: 1 }, { text: "{{ step5.text }}" }]);
  expect(outcome).toMatchObject({ state: "succeeded" });
  expect((asked[5] as { text: string }).text).toHaveLength(mebibyte);
});

test("what came back for a delivery and is too large is known as that", async () => {
  const key = stepKey(occurrence, 0);
  await memories.keepReply(key, { output: "x".repeat(9 * mebibyte), evidenceId: "ev-1" });
  expect(await memories.reply(key)).toEqual({ output: null, evidenceId: "ev-1", isTooLarge: true });
});
