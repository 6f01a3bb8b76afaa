import { tmpdir } from "node:os";

import { expect, it } from "vitest";

import { automationInputSchema } from "../../../contract/features/automations.ts";
import { AppError } from "../../../lib/app-error.ts";
import { checkInput } from "./automation-checks.ts";

const context = {
  apps: { find: () => null, restart: () => Promise.resolve() },
  prompts: { issuesOf: () => Promise.resolve([]) },
  connectors: { find: () => undefined },
  now: 0,
  isScheduleNew: false,
};

/** What is said of a run in this place. */
async function problems(place: { folder?: string; appId?: string }): Promise<unknown> {
  const input = automationInputSchema.parse({
    name: "Look around",
    schedule: { kind: "interval", everyMs: 3_600_000, anchor: "2026-01-01T00:00:00.000Z" },
    action: { kind: "run", prompt: { kind: "text", text: "Look around" }, choice: { providerId: "first" }, ...place },
    missedPolicy: { kind: "skip" },
    overlapPolicy: "skip",
  });
  return checkInput(input, context).then(
    () => [],
    (error: unknown) => (error instanceof AppError ? error.issues?.map(({ path }) => path) : error),
  );
}

it("looks at the folder of a run and at its app, also when it has both", async () => {
  const gone = "/no/such/folder";
  expect(await problems({ folder: tmpdir() })).toEqual([]);
  expect(await problems({ folder: gone })).toEqual(["body.action.folder"]);
  expect(await problems({ appId: "nobody" })).toEqual(["body.action.appId"]);
  expect(await problems({ folder: tmpdir(), appId: "nobody" })).toEqual(["body.action.appId"]);
  expect(await problems({ folder: gone, appId: "nobody" })).toEqual(["body.action.folder", "body.action.appId"]);
});
