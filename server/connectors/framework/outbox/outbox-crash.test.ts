import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createCrashingDisk } from "../../../../lib/testing/crashing-disk.ts";
import { until, useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import type { DeliveryResult, DeliveryTry } from "./deliverer.ts";
import { failed, isEmpty, message, ok, openScene as open, quick } from "./testing/outbox-scene.ts";

const newFolder = useTemporaryFolders();

describe("random crashes", () => {
  const plan = fc.record({
    messages: fc.array(fc.constantFrom("a", "a", "b", null), { minLength: 1, maxLength: 14 }),
    crashes: fc.array(
      fc.record({ at: fc.integer({ min: 1, max: 60 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      { maxLength: 6 },
    ),
    failures: fc.array(fc.boolean(), { maxLength: 12 }),
    isPower: fc.boolean(),
  });

  test("every accepted message arrives at least once, and never out of its key's order", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ messages, crashes, failures, isPower }) => {
        const directory = await newFolder();
        const accepted = new Set<number>();
        const arrived: number[] = [];
        const problems: string[] = [];
        const outcomes = [...failures];
        const policy = { ...quick, maxAttempts: 10_000 };
        const deliver = async ({ input }: DeliveryTry): Promise<DeliveryResult> => {
          const number = input as number;
          const key = messages[number];
          for (let before = 0; before < number; before += 1)
            if (key !== null && messages[before] === key && !arrived.includes(before))
              problems.push(`${number} before ${before}`);
          await Promise.resolve();
          if (outcomes.pop() === true) return failed();
          arrived.push(number);
          return ok;
        };
        for (const crash of [...crashes, { at: Infinity, share: 1 }]) {
          const machine = createCrashingDisk(crash.at, crash.share);
          try {
            const { outbox, close } = await open(directory, { disk: machine.disk, policy, fileBytes: 4_000 });
            try {
              outbox.start({ deliver });
              for (const [number, orderingKey] of messages.entries()) {
                if (accepted.has(number)) continue; // what was accepted is the outbox's own care
                await outbox.accept(message(`m${number}`, { orderingKey, input: number }));
                accepted.add(number);
              }
              await until(async () => machine.hasCrashed() || (await isEmpty(outbox)));
            } finally {
              await close();
            }
          } catch (error) {
            if (!machine.hasCrashed()) throw error;
          }
          if (isPower) machine.losePower(crash.share);
        }
        expect(problems).toEqual([]);
        expect([...accepted].toSorted((a, b) => a - b)).toEqual(messages.map((_, number) => number));
        for (const number of accepted) expect(arrived).toContain(number);
        expect(arrived.length).toBeLessThanOrEqual(messages.length + crashes.length * policy.parallel);
      }),
      { numRuns: 60 },
    );
  }, 240_000);
});
