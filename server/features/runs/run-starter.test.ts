import { describe, expect, it } from "vitest";

import { runInputSchema } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createRunStarter, type RunServiceOptions } from "./run-starter.ts";

/** Asks for a run of a portos-cos that answers so; resolves with the requests that are kept. */
async function kept(answer: AppError, before: string[] = []): Promise<string[]> {
  const requests = new Set<string>(before);
  const parts = {
    cos: { start: () => Promise.reject(answer) },
    requests: {
      add: (id: string) => Promise.resolve(requests.add(id)),
      remove: (id: string) => Promise.resolve(requests.delete(id)),
      get: (id: string) => (requests.has(id) ? { id } : undefined),
      settled: () => undefined,
    },
    resolveTargets: () => [],
    folderOf: () => undefined,
    checkBudget: () => undefined,
    checkAllowed: () => undefined,
    clock: { now: () => 0 },
  } as unknown as RunServiceOptions;
  const input = runInputSchema.parse({ prompt: { kind: "text", text: "Hi" }, choices: [{ providerId: "one" }] });
  await expect(createRunStarter(parts).create(input, undefined, { id: "run-000000000000" })).rejects.toThrow(answer);
  return [...requests];
}

describe("a run whose start failed", () => {
  it("is remembered when it may go on all the same, so that its end is told", async () => {
    expect(await kept(new AppError("timeout", "portos-cos did not answer"))).toEqual(["run-000000000000"]);
    const torn = new AppError("unavailable", "portos-cos is not running", { cause: new Error("socket hang up") });
    expect(await kept(torn)).toEqual(["run-000000000000"]);
  });

  it("is forgotten when nobody was there to start it, or it was refused", async () => {
    const nobody = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(await kept(new AppError("unavailable", "portos-cos is not running", { cause: nobody }))).toEqual([]);
    expect(await kept(new AppError("invalid_request", "No"))).toEqual([]);
  });

  it("is remembered when it was told an earlier time: that one may go on", async () => {
    const refusal = new AppError("conflict", "There is a run run-000000000000 already");
    expect(await kept(refusal, ["run-000000000000"])).toEqual(["run-000000000000"]);
  });
});
