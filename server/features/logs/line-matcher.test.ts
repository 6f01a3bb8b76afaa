import { describe, expect, test } from "vitest";

import { logFilterSchema } from "../../../contract/features/logs.ts";
import { createLineMatcher } from "./line-matcher.ts";
import { parseLines, type ParsedLine } from "./parse-lines.ts";

function line(text: string): ParsedLine {
  const [parsed] = parseLines(Buffer.from(`${text}\n`), 0, { redact: (value) => value }).lines;
  if (!parsed) throw new Error("no line");
  return parsed;
}

const filter = (given: Parameters<typeof logFilterSchema.parse>[0]) => createLineMatcher(logFilterSchema.parse(given));

describe("a filter", () => {
  test("without text and levels keeps everything", async () => {
    expect(await filter({})).toBeNull();
  });

  test("finds text whatever its case, through colour codes", async () => {
    const matcher = await filter({ text: "Port In Use" });
    const found = line("\u001b[31mport\u001b[39m in use: PORT IN USE");
    expect(matcher?.matches(found)).toBe(true);
    expect(matcher?.ranges(found)).toEqual([
      [0, 11],
      [13, 24],
    ]);
    expect(matcher?.isWanted?.(Buffer.from("nothing here\n"))).toBe(false);
    expect(matcher?.isWanted?.(Buffer.from("x PORT IN USE\n"))).toBe(true);
    expect(matcher?.isWanted?.(Buffer.from("\u001b[1mport\u001b[0m in use"))).toBe(true);
  });

  test("with case matters when asked to", async () => {
    const matcher = await filter({ text: "Port", isCaseSensitive: true });
    expect(matcher?.matches(line("port"))).toBe(false);
    expect(matcher?.matches(line("a Port"))).toBe(true);
  });

  test("finds what redaction put in, so blocks are not passed over", async () => {
    for (const text of ["[redacted]", "dacted", "token=[re"])
      expect((await filter({ text }))?.isWanted).toBeUndefined();
  });

  test("is a regular expression in linear time", async () => {
    const matcher = await filter({ text: "(a+)+$", isRegex: true });
    const started = performance.now();
    expect(matcher?.matches(line(`${"a".repeat(5_000)}b`))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect((await filter({ text: "user=\\d+", isRegex: true }))?.ranges(line("x user=42 user=7"))).toEqual([
      [2, 9],
      [10, 16],
    ]);
  });

  test("names what is wrong with an expression", async () => {
    await expect(filter({ text: "a(", isRegex: true })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(filter({ text: "(?=a)", isRegex: true })).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("keeps the levels asked for", async () => {
    const matcher = await filter({ levels: ["error", "warn"] });
    expect(matcher?.matches(line("ERROR x"))).toBe(true);
    expect(matcher?.matches(line("INFO x"))).toBe(false);
  });
});
