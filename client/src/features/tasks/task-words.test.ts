import { expect, test } from "vitest";

import type { Task } from "../../../../contract/features/tasks.ts";
import { recoveryWords } from "./task-words.ts";

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
