import { expect, test } from "vitest";

import { runStateSchema } from "../../../contract/features/run-events.ts";
import { runStatus, statusLooks } from "./status.ts";

test("every state of a run has a word, and one that asks waits for the user, not for a restart", () => {
  const words = runStateSchema.options.map((state) => [state, statusLooks[runStatus(state)].word]);
  expect(Object.fromEntries(words)).toEqual({
    created: "queued",
    queued: "queued",
    running: "running",
    waiting: "waiting for you",
    succeeded: "succeeded",
    failed: "failed",
    cancelled: "cancelled",
    interrupted: "interrupted",
  });
});
