import { expect, test } from "vitest";

import { keepsRunning } from "./keeps-running.ts";

test("what is stopped or given up is not said to keep running", () => {
  const processes = ["online", "stopped", "launching", "errored", "waiting"].map((status) => ({
    name: status,
    status,
  }));
  expect(keepsRunning(processes)).toEqual(["online", "launching", "waiting"]);
});
