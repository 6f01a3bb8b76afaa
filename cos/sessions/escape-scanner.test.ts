import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createEscapeScanner } from "./escape-scanner.ts";
import { createMarkReader } from "./session-marks.ts";

function scan(pieces: Uint8Array[], options?: Parameters<typeof createEscapeScanner>[1]): string[] {
  const found: string[] = [];
  const scanner = createEscapeScanner((kind, body) => found.push(`${kind} ${body}`), options);
  for (const piece of pieces) scanner.scan(piece);
  return found;
}

const sample = Buffer.from(
  "plain\x1b[1;31mred\x1b]0;títle ✓\x07more\x1b[?1049h\x1b(0\x1b]133;A\x1b\\x\x1b=\x1bP1$r0m\x1b\\\x1b[2 q\x1b]8;;http://x\x07é",
);
const expected = [
  "csi 1;31m",
  "osc 0;títle ✓",
  "csi ?1049h",
  "esc (0",
  "osc 133;A",
  "esc \\",
  "esc =",
  "csi 2 q",
  "osc 8;;http://x",
];

test("sequences are found in whatever pieces the output comes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 }), (sizes) => {
      const pieces: Buffer[] = [];
      let at = 0;
      for (let turn = 0; at < sample.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        pieces.push(sample.subarray(at, at + size));
        at += size;
      }
      expect(scan(pieces)).toEqual(expected);
    }),
  );
});

test("every single cut gives the same sequences, also when another scanner goes on", () => {
  for (let cut = 0; cut <= sample.length; cut += 1) {
    const found: string[] = [];
    const note = (kind: string, body: string): number => found.push(`${kind} ${body}`);
    const first = createEscapeScanner(note);
    first.scan(sample.subarray(0, cut));
    createEscapeScanner(note, { from: first.save() }).scan(sample.subarray(cut));
    expect(found).toEqual(expected);
  }
});

test("random bytes neither break the scanner nor grow without bound", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), (bytes) => {
      for (const body of scan([bytes, Buffer.from("\x18\x1b[5n")])) expect(body.length).toBeLessThan(9000);
    }),
  );
});

test("a sequence that never ends is passed over", () => {
  expect(scan([Buffer.from(`\x1b]0;${"x".repeat(20_000)}\x07\x1b[m`)])).toEqual(["csi m"]);
});

function marks(text: string, nonce = "n1"): unknown[] {
  const events: unknown[] = [];
  const reader = createMarkReader(nonce, {
    onTitle: (title) => events.push(["title", title]),
    onFolder: (folder) => events.push(["folder", folder]),
    onCommandStart: (command) => events.push(["start", command]),
    onCommandEnd: (code) => events.push(["end", code]),
    onBell: () => events.push(["bell"]),
  });
  reader.scan(Buffer.from(text));
  return events;
}

test("commands count only with the nonce of the session", () => {
  expect(marks("\x1b]133;C;cmdline_url=ls%20-l%3b%0apwd;nonce=n1\x07\x1b]133;D;2;nonce=n1\x07")).toEqual([
    ["start", "ls -l;\npwd"],
    ["end", 2],
  ]);
  expect(marks("\x1b]133;C;cmdline_url=rm%20-rf;nonce=guess\x07\x1b]133;C;cmdline_url=rm\x07")).toEqual([]);
});

test("titles and folders are plain text", () => {
  expect(
    marks("\x1b]2;a\u202eb\u0085c\x07\x1b]7;file://host/home/a%20b\x07\x1b]7;file:///a%1bb\x07\x1b]7;http://x/\x07"),
  ).toEqual([
    ["title", "abc"],
    ["folder", "/home/a b"],
  ]);
});

test("a scanner for OSC alone finds the same OSC as one that reads everything", () => {
  const pieces = fc.array(
    fc.constantFrom("\x1b", "]", "[", "P", "\\", "\x07", "\x18", "m", "0;", "x", "\x1b]0;t\x07", "\x1b[31m", "\x1bP"),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (texts) => {
      const bytes = texts.map((parts) => Buffer.from(parts.join("")));
      const all = scan(bytes).filter((found) => found.startsWith("osc "));
      expect(scan(bytes, { isOscOnly: true })).toEqual(all);
    }),
    { numRuns: 2000 },
  );
});

test("a bell in text is heard, the one that ends a title is not", () => {
  expect(marks("\x1b]0;job\x07plain")).toEqual([["title", "job"]]);
  expect(marks("done\x07")).toEqual([["bell"]]);
  expect(marks("\x1b[1mdone\x07\x1b[m\x1b]0;job\x07ready")).toEqual([["bell"], ["title", "job"]]);
  expect(marks("a\x1b]0;job\x07b\x07")).toEqual([["title", "job"], ["bell"]]);
});
