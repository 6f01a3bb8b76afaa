import { expect, test } from "vitest";

import type { Task } from "../../../../contract/features/tasks.ts";
import { choiceWords, recoveryWords } from "./task-words.ts";

const [first, second] = ["run-000000000001", "run-000000000002"] as const;

function task(state: Task["state"], code: Task["reason"]["code"], recoveries: Task["runs"][number]["recovery"][]) {
  const at = "2026-05-01T10:00:00.000Z";
  const runs = recoveries.map((recovery, index) => ({ runId: index === 0 ? first : second, startedAt: at, recovery }));
  return { state, runs, reason: { code, text: "", until: null, at } };
}

test("a run is said to be tried again only when it is", () => {
  expect(recoveryWords(task("ready", "off", ["retry"]), first)).toBe("waits to be started by hand");
  expect(recoveryWords(task("ready", "cool-down", ["retry"]), first)).toBe("to be tried again");
  expect(recoveryWords(task("cancelled", "ended", ["retry"]), first)).toBeNull();
  expect(recoveryWords(task("running", "running", ["retry"]), first)).toBe("tried again"); // it goes on itself
  expect(recoveryWords(task("done", "ended", ["retry", null]), first)).toBe("tried again");
  expect(recoveryWords(task("done", "ended", ["retry", null]), second)).toBeNull();
  expect(recoveryWords(task("failed", "ended", ["ask"]), first)).toBe("you were asked");
});

const nameOf = (id: string): string => id.toUpperCase();

test("a size of model is a wish: it is not said of what was given to somebody", () => {
  const run = { runId: "run-0123456789abcdef", startedAt: "2026-03-01T12:00:00.000Z", recovery: null };
  expect(choiceWords({ choice: { kind: "tier", tier: "light" }, runs: [] }, nameOf)).toBe("light model");
  expect(choiceWords({ choice: { kind: "tier", tier: "light" }, runs: [run] }, nameOf)).toBe("");
  const named = { kind: "provider", providerId: "a", model: "m", mayFallBack: true } as const;
  expect(choiceWords({ choice: named, runs: [run] }, nameOf)).toBe("A m");
});
