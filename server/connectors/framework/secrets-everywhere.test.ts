import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { redact, registerSecret } from "../../../lib/redact.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { cleanInput } from "./clean-input.ts";
import { openEvidenceBook } from "./evidence/evidence-book.ts";
import { evidenceRowSchema, indexEvidence, type EvidenceRow } from "./evidence/evidence-row.ts";
import { sampleRecord } from "./evidence/testing/sample-record.ts";
import { cleanOutput } from "./output-cleaning.ts";

const newFolder = useTemporaryFolders();

/** As people and vendors make them: long enough to be told from words, with any printable character. */
const secret = fc
  .oneof(
    fc.string({ unit: "grapheme-ascii", minLength: 12, maxLength: 40 }),
    fc.stringMatching(/^[A-Za-z0-9_-]{16,48}$/),
    fc
      .array(fc.constantFrom("ä", "ß", "字", "🔑", "/", "+", "=", "&", '"', "\\", "<", "a", "7"), {
        minLength: 12,
        maxLength: 24,
      })
      .map((letters) => letters.join("")),
  )
  .filter((text) => text.trim() === text && new Set(text).size > 5 && !"[redacted]".includes(text));

const word = fc.constantFrom(
  "select",
  "drop table",
  "union",
  "password",
  "token",
  "<b>bold</b>",
  "--",
  "'; --",
  "../..",
  "${HOME}",
  "{{name}}",
  "javascript:",
  "ä",
  "👩‍👩‍👧",
  "שלום",
  "\n",
  "\t",
  "100 %",
);
const harmless = fc.array(word, { minLength: 1, maxLength: 20 }).map((words) => words.join(" "));

/** The spellings in which a secret comes back from outside. */
const spellings: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => new URLSearchParams({ text }).toString().slice(5),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(text).toString("base64url"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  (text) => `Basic ${Buffer.from(`me:${text}`).toString("base64")}`,
];

test("a secret is out of a reply in every form, wherever it stands, and nothing around it goes with it", () => {
  fc.assert(
    fc.property(secret, harmless, harmless, fc.constantFrom(...spellings), (text, before, after, spell) => {
      const spelled = spell(text);
      const value = { [`name ${spelled}`]: [`${before} ${spelled} ${after}`, { deep: spelled }] };
      const cleaned = cleanOutput(value, { secrets: [text] });
      const shown = Object.values(cleaned)[0]?.[0] as string;
      expect(JSON.stringify(cleaned)).not.toContain(JSON.stringify(spelled).slice(1, -1));
      expect(JSON.stringify(cleaned)).toContain("[redacted]");
      expect(shown.startsWith(`${before} `)).toBe(true);
      expect(shown.endsWith(` ${after}`)).toBe(true);
      expect(cleanOutput(cleaned, { secrets: [text] })).toEqual(cleaned);
    }),
    { numRuns: 500 },
  );
});

test("any harmless text arrives as it was written, in both directions, whatever its words", () => {
  const anything = fc.oneof(harmless, fc.lorem({ maxCount: 30 }), fc.string({ unit: "grapheme", maxLength: 80 }));
  fc.assert(
    fc.property(anything, harmless, (text, also) => {
      const composed = `${also} ${text}`.normalize("NFC");
      fc.pre(!/(?![\t\n\r])\p{Cc}|\p{Surrogate}|[\u202a-\u202e]/u.test(composed) && redact(composed) === composed);
      const params = { text: composed, list: [composed, { [composed]: 1 }] };
      expect(cleanInput(params)).toEqual(params);
      expect(cleanOutput(params, { secrets: ["correct horse battery"] })).toEqual(params);
    }),
    { numRuns: 500 },
  );
});

test("no secret that is known reaches the evidence on disk, in whatever spelling and field", async () => {
  const directory = await newFolder();
  const parts = { directory, clock: systemClock, logger: silentLogger };
  const log = await openJsonLog<EvidenceRow>({
    ...parts,
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
  });
  const book = await openEvidenceBook({ ...parts, log });
  const known = fc.sample(secret, { numRuns: 20, seed: 7 });
  for (const text of known) {
    registerSecret(text);
    const all = [text, encodeURIComponent(text), Buffer.from(text).toString("base64")];
    await book.append(
      sampleRecord(book.newId(), {
        request: { url: `https://feeds.example/x?key=${encodeURIComponent(text)}`, list: all, [text]: { text } },
        message: `It said ${text}`,
        targets: [`https://feeds.example/?sig=${encodeURIComponent(text)}`],
        reply: { sha256: "0".repeat(64), bytes: 1, excerpt: all.join(" ") },
      }),
    );
  }
  await book.stop();
  await log.close();
  const names = (await readdir(directory)).filter((name) => name.includes(".jsonl"));
  const stored = (await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")))).join("");
  for (const text of known)
    for (const form of [text, encodeURIComponent(text), Buffer.from(text).toString("base64")])
      expect(stored).not.toContain(JSON.stringify(form).slice(1, -1));
  expect(stored).toContain("https://feeds.example/x?key=");
});
