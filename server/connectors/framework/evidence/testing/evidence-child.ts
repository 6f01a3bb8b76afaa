// A child for fault tests: `node <bundle> <folder>` makes calls until it is killed and prints "begun <id>" when one may
// leave, and "ended <id>" when its end is written.
import { writeSync } from "node:fs";

import { systemClock } from "../../../../../lib/clock.ts";
import { openJsonLog } from "../../../../../lib/json-log.ts";
import { silentLogger } from "../../../../../lib/logger.ts";
import { openEvidenceBook } from "../evidence-book.ts";
import { evidenceRowSchema, indexEvidence, type EvidenceRow } from "../evidence-row.ts";
import { sampleIntent, sampleRecord } from "./sample-record.ts";

const [, , directory = ""] = process.argv;
const clock = systemClock;
const log = await openJsonLog<EvidenceRow>({
  directory,
  schema: evidenceRowSchema,
  isChain: true,
  index: indexEvidence,
  maxFileBytes: 20_000,
  clock,
  logger: silentLogger,
});
const book = await openEvidenceBook({ log, directory, clock, logger: silentLogger });

async function call(number: number): Promise<void> {
  const id = book.newId();
  const at = new Date().toISOString();
  const effect = number % 2 === 0 ? "read" : "write";
  await book.begin(sampleIntent(id, { at, effect }));
  writeSync(1, `begun ${id}\n`);
  await book.append(sampleRecord(id, { at, effect, request: { text: "x".repeat(number % 900) } }));
  writeSync(1, `ended ${id}\n`);
}

async function lane(number: number): Promise<never> {
  for (let round = number; ; round += 4) await call(round);
}

await Promise.race([0, 1, 2, 3].map(lane));
