// A child for fault tests: `node <bundle> write <folder>` writes a store and a log until it is killed and prints what was
// acknowledged ("s <writer> <number>", "l <number>"); `node <bundle> own <folder>` prints "owner" or the code of the refusal.
import { writeSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { AppError } from "../app-error.ts";
import { systemClock } from "../clock.ts";
import { openJsonLog } from "../json-log.ts";
import { openJsonStore, type JsonStore } from "../json-store.ts";
import { silentLogger } from "../logger.ts";

const countersSchema = z.record(z.string(), z.int());
type Counters = z.infer<typeof countersSchema>;
const writers = 4;

const [, , task = "", folder = ""] = process.argv;

function print(line: string): void {
  writeSync(1, `${line}\n`);
}

function openCounters(): Promise<JsonStore<Counters>> {
  const file = join(folder, "counters.json");
  return openJsonStore({ file, schema: countersSchema, initial: {}, version: 1, logger: silentLogger });
}

async function countUp(store: JsonStore<Counters>, writer: string): Promise<never> {
  for (;;) {
    const number = await store.update((counters) => {
      const result = (counters[writer] ?? 0) + 1;
      return { next: { ...counters, [writer]: result }, result };
    });
    print(`s ${writer} ${number}`);
  }
}

async function append(): Promise<never> {
  const log = await openJsonLog({
    directory: join(folder, "history"),
    schema: z.strictObject({ number: z.int(), text: z.string() }),
    clock: systemClock,
    logger: silentLogger,
  });
  const newest = await log.page({ limit: 1 });
  for (let number = (newest.items[0]?.number ?? 0) + 1; ; number += 1) {
    await log.append({ number, text: "x".repeat(number % 2_000) });
    print(`l ${number}`);
  }
}

if (task === "write") {
  const store = await openCounters();
  await Promise.race([append(), ...Array.from({ length: writers }, (_, index) => countUp(store, `w${index}`))]);
} else {
  try {
    await openCounters();
    print("owner");
    setInterval(() => undefined, 60_000);
  } catch (error) {
    print(error instanceof AppError ? error.code : String(error));
  }
}
