// A child for fault tests: `node <bundle> <folder> <first number>` accepts messages and delivers them until it is killed, and
// prints "accepted <number>", "sent <number>" and "arrived <number>". With "drain" for the number it only delivers what
// there is and ends.
import { writeSync } from "node:fs";

import { systemClock } from "../../../../../lib/clock.ts";
import { openJsonLog } from "../../../../../lib/json-log.ts";
import { silentLogger } from "../../../../../lib/logger.ts";
import { openOutbox } from "../outbox.ts";
import { outboxRowSchema, type OutboxRow } from "../outbox-row.ts";

const [, , directory = "", first = ""] = process.argv;
const clock = systemClock;
const fileBytes = 50_000;
const log = await openJsonLog<OutboxRow>({
  directory,
  schema: outboxRowSchema,
  maxFileBytes: fileBytes,
  clock,
  logger: silentLogger,
});
const policy = { maxAttempts: 1_000, baseMs: 1, maxPauseMs: 4, maxAskedMs: 1_000, parallel: 4 };
const outbox = await openOutbox({ log, clock, logger: silentLogger, policy, fileBytes });
outbox.start({
  deliver: async ({ input }) => {
    const number = Number(input);
    writeSync(1, `sent ${number}\n`);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
    if (Math.random() < 0.2)
      return { ok: false, isFinal: false, failure: { code: "timeout", message: "Too slow", evidenceId: null } };
    writeSync(1, `arrived ${number}\n`);
    return { ok: true };
  },
});

async function accept(): Promise<void> {
  for (let number = Number(first); ; number += 1) {
    await outbox.accept({
      connector: "slack",
      operation: "send-message",
      input: number,
      idempotencyKey: `m${number}`,
      orderingKey: `k${number % 3}`,
      caller: { kind: "system", name: "Test" },
      correlationId: "0123456789ab",
    });
    writeSync(1, `accepted ${number}\n`);
  }
}

async function drain(): Promise<void> {
  while ((await outbox.list({ limit: 1 })).items.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await outbox.stop();
  await log.close();
}

await (first === "drain" ? drain() : accept());
