import { assert, constantFrom, oneof, option, property, record, string, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";

import { formatTaskLine, parseTaskLine } from "./task-line.ts";

const words = constantFrom(
  "#fix",
  "\\#fix",
  "\\\\@app",
  "!high",
  "!loud",
  "@shop",
  "@Shop",
  "%repair",
  "\\%repair",
  "100%",
  "fix",
  "#12",
  "<!--",
  "-->",
  "\t",
);
const titles = oneof(
  string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
  stringMatching(/^[ #!@%\\a-z]{1,20}$/),
  words.chain((one) => words.map((other) => `Do ${one} ${other}`)),
)
  .map((title) => title.replaceAll(/[\r\n]/g, " ").trim())
  .filter((title) => title !== "");

describe("the line of a task", () => {
  test("says title, type, priority, app and prompt; the last words count, in any order", () => {
    expect(parseTaskLine("Fix the login #fix %repair !high @shop")).toEqual({
      title: "Fix the login",
      type: "fix",
      priority: "high",
      appId: "shop",
      prompt: "repair",
    });
    expect(parseTaskLine("Mail bob@home about #12 @shop  !low ")).toEqual({
      title: "Mail bob@home about #12",
      type: null,
      priority: "low",
      appId: "shop",
      prompt: null,
    });
    expect(parseTaskLine("From 50 % to 100% \\%20")).toMatchObject({ title: "From 50 % to 100% %20", prompt: null });
    expect(parseTaskLine("#fix")).toMatchObject({ title: "#fix", type: null });
    expect(parseTaskLine("Look at #fix first")).toMatchObject({ title: "Look at #fix first", type: null });
    expect(parseTaskLine("Call @home \\@office")).toMatchObject({ title: "Call @home @office", appId: null });
    expect(parseTaskLine("Two #fix #docs")).toMatchObject({ title: "Two #fix", type: "docs" });
  });

  test("whatever a title holds, it is read back as it was", () => {
    assert(
      property(
        record({
          title: titles,
          type: constantFrom("feature", "fix", "a-b-1"),
          priority: constantFrom("urgent", "high", "normal", "low" as const),
          appId: option(constantFrom("shop", "a", "blog-2"), { nil: null }),
          prompt: option(constantFrom("repair", "5-whys", "a"), { nil: null }),
        }),
        (task) => {
          const { type, priority, ...told } = parseTaskLine(formatTaskLine(task));
          expect({ ...told, type: type ?? "feature", priority: priority ?? "normal" }).toEqual(task);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("a very long word costs no time", () => {
    const text = `${"a".repeat(200_000)} ${"b ".repeat(100_000)}#fix`;
    expect(parseTaskLine(text).type).toBe("fix");
  }, 2_000);
});
