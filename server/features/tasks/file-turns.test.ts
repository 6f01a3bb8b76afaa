import { expect, test } from "vitest";

import { createFileTurns } from "./file-turns.ts";
import type { FileChoice } from "./tasks-reader.ts";

test("every choice of the user is taken, also while a look is under way", async () => {
  const taken: (FileChoice | null)[] = [];
  const waiting: (() => void)[] = [];
  const turns = createFileTurns(
    async (choice) => {
      taken.push(choice);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return true;
    },
    (error) => {
      throw error;
    },
  );
  turns.touch(0);
  await expect.poll(() => taken).toEqual([null]);
  const both = [turns.take("put-back"), turns.take("accept")];
  for (let count = 1; count <= 3; count += 1) {
    await expect.poll(() => waiting.length).toBe(count);
    waiting[count - 1]?.();
  }
  await Promise.all(both);
  expect(taken).toEqual([null, "put-back", "accept"]);
  await turns.stop();
});
