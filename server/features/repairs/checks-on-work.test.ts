import { expect, test } from "vitest";

import type { RepairCheck } from "../../../contract/features/repairs.ts";
import { checksOnWork, notedOn } from "./checks-on-work.ts";

const startedAt = "2026-03-01T12:00:00.000Z";
const outcome = { state: "failed", sessionId: "s1", message: "Exit code 1", seconds: 2, startedAt } as const;
const check: RepairCheck = { name: "test", command: "npm test", timeoutMs: 1_000, before: outcome, after: outcome };

test("checks are known of the work they ran on, with how they came out", () => {
  expect(checksOnWork(notedOn([check], "0123"))).toEqual([
    {
      name: "test",
      command: "npm test",
      state: "failed",
      sessionId: "s1",
      exitCode: null,
      message: "Exit code 1",
      startedAt,
      endedAt: "2026-03-01T12:00:02.000Z",
      tree: "0123",
      isStale: false,
    },
  ]);
});

test("nothing is known of what did not run, still runs, or ran before the repair", () => {
  const running = { ...outcome, state: "running" as const };
  expect(
    checksOnWork(
      notedOn(
        [
          { ...check, after: null },
          { ...check, after: running },
        ],
        "0123",
      ),
    ),
  ).toEqual([]);
  expect(checksOnWork([check])).toEqual([]);
});
