import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { freePort } from "../../../lib/testing/free-port.ts";
import { createCosProcess } from "../testing/cos-process.ts";
import { defaults } from "../testing/test-runs.ts";

const cos = createCosProcess(await freePort());
const { runs } = cos;
const piece = "word ".repeat(200);
/** Says a good deal and then nothing, without an end. */
const model: Server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let number = 0; number < 12; number += 1) {
      const choices = [{ index: 0, delta: { content: piece }, finish_reason: null }];
      const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => model.listen(0, "127.0.0.1", resolve));
  await cos.start();
});
afterAll(async () => {
  await cos.remove();
  model.closeAllConnections();
  model.close();
});

it("knows after kill -9 what a model had used by then, and what that has cost", async () => {
  const target: RunTarget = {
    providerId: "model",
    providerName: "Model",
    providerType: "api",
    model: "m",
    reason: "First choice",
    engine: "api",
    dialect: "openai-compatible",
    baseUrl: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
    apiKey: null,
    timeoutMs: 60_000,
    price: { input: 1_000, output: 2_000 },
  };
  const text = "Count all words. ".repeat(100);
  const body = { ...defaults(cos.folder), folder: null, text, targets: [target] };
  const { id } = await runs.client.start({ body });
  const onDisk = async (): Promise<Run["usage"]> =>
    (JSON.parse(await readFile(join(cos.dataDir, "runs", id, "record.json"), "utf8")) as { run: Run }).run.usage;
  const said = (12 * piece.length) / 4;
  // What has come since it was told last may be missing.
  await expect.poll(async () => (await onDisk()).outputTokens, { timeout: 20_000 }).toBeGreaterThan(said - 600);
  const before = await onDisk();
  await cos.end("SIGKILL");
  await cos.start();
  const run = await runs.ended(id);
  expect(run).toMatchObject({ state: "interrupted", usage: before, attempts: [{ failure: "crashed", usage: before }] });
  expect(before).toMatchObject({ isEstimated: true, turns: 1 });
  expect(before.inputTokens).toBeGreaterThanOrEqual(text.length / 4);
  expect(before.outputTokens).toBeLessThanOrEqual(said);
  expect(before.costUsd).toBeCloseTo((before.inputTokens * 1_000 + before.outputTokens * 2_000) / 1e6, 9);
});
