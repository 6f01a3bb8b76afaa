import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { redact, registerSecret } from "../../../lib/redact.ts";
import { maxTextChars, parseLines, type ParsedLine } from "./parse-lines.ts";

const asIs = (text: string): string => text;

function parse(text: string | Buffer, base = 0): ParsedLine[] {
  return parseLines(Buffer.from(text), base, { redact: asIs, takesRest: "closed" }).lines;
}

describe("lines of bytes", () => {
  test("the same lines come out wherever the bytes were cut in two", () => {
    const text =
      '2026-11-21T00:04:07.123Z: ℹ️  info  größer ✓\r\n\u001b[31mrot\u001b[0m\n\nError: 💥\n    at f (x.js:1:1)\n{"level":40}\nlast';
    const bytes = Buffer.from(text);
    const whole = parse(bytes);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const first = parseLines(bytes.subarray(0, cut), 0, { redact: asIs });
      const second = parseLines(bytes.subarray(first.end), first.end, {
        redact: asIs,
        inherited: first.inherited,
        takesRest: "closed",
      });
      expect([...first.lines, ...second.lines]).toEqual(whole);
    }
  });

  test("offsets and lengths cover the bytes without a gap, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 1_000 }), (bytes, base) => {
        let next = base;
        for (const line of parseLines(Buffer.from(bytes), base, { redact: asIs, takesRest: "closed" }).lines) {
          expect(line.offset).toBe(next);
          next += line.bytes;
        }
        expect(next).toBe(base + bytes.length);
      }),
    );
  });

  test("CRLF is a line end, a lone CR is not", () => {
    expect(parse("a\r\n10%\r20%\n").map(({ text }) => text)).toEqual(["a", "10%\r20%"]);
  });

  test("invalid UTF-8 becomes a replacement character", () => {
    expect(parse(Buffer.from([0x61, 0xff, 0x62, 0x0a]))[0]?.text).toBe("a\ufffdb");
  });

  test("a huge line is cut and says how much is missing, without cutting a character in two", () => {
    const [line] = parse(`${"ü".repeat(100_000)}\n`);
    expect(line?.text).not.toContain("\ufffd");
    expect(line?.text.length).toBeLessThanOrEqual(maxTextChars);
    expect((line?.text.length ?? 0) * 2 + (line?.cutBytes ?? 0)).toBe(200_000);
  });

  test("of a line that keeps redrawing itself the end is kept", () => {
    const [line] = parse(Array.from({ length: 20_000 }, (_, step) => `\r${String(step)}%`).join(""));
    expect(line?.text.endsWith("\r19999%")).toBe(true);
    expect(line?.cutBytes).toBe(0);
  });

  test("a stack frame has the level and sort time of its error", () => {
    const lines = parse("2026-11-21T00:04:07.123Z: Error: x\n    at f (a.js:1:1)\nplain\n");
    expect(lines.map(({ level, isContinuation }) => [level, isContinuation])).toEqual([
      ["error", false],
      ["error", true],
      ["other", false],
    ]);
    expect(new Set(lines.map(({ sortTime }) => sortTime)).size).toBe(1);
    expect(lines[1]?.time).toBeNull();
  });

  test("an unfinished last line is marked open", () => {
    const { lines, end } = parseLines(Buffer.from("a\nb"), 0, { redact: asIs, takesRest: "open" });
    expect(lines.map(({ text, isOpen }) => [text, isOpen])).toEqual([
      ["a", false],
      ["b", true],
    ]);
    expect(end).toBe(3);
    expect(parseLines(Buffer.from("a\nb"), 0, { redact: asIs }).end).toBe(2);
  });
});

describe("redaction", () => {
  test("registered secrets and tokens are gone, offsets stay those of the file", () => {
    registerSecret("hunter2-hunter2");
    const text = "a hunter2-hunter2 b\ntoken=abcdefgh\nghp_0123456789abcdefghijKLMN\nend\n";
    const { lines } = parseLines(Buffer.from(text), 0, { redact });
    expect(lines.map((line) => line.text).join("\n")).not.toMatch(/hunter2|abcdefgh|ghp_/);
    expect(lines.map(({ offset }) => offset)).toEqual([0, 20, 35, 64]);
  });

  test("a private key over several lines is hidden line by line", () => {
    const body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    const text = `before\n-----BEGIN PRIVATE KEY-----\n${body}\n${body}\nshort==\n-----END PRIVATE KEY-----\nafter\n`;
    const { lines } = parseLines(Buffer.from(text), 0, { redact });
    expect(lines.map((line) => line.text)).toEqual([
      "before",
      "[redacted]",
      "[redacted]",
      "[redacted]",
      "[redacted]",
      "[redacted]",
      "after",
    ]);
  });

  test("a line of a key whose start is out of sight is hidden, a hash is not", () => {
    const key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj".slice(0, 64);
    const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    const { lines } = parseLines(Buffer.from(`${key}\n${hash}\n`), 0, { redact });
    expect(lines.map((line) => line.text)).toEqual(["[redacted]", hash]);
  });
});
