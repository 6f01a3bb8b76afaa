import { array, assert, constantFrom, property, string } from "fast-check";
import { describe, expect, it } from "vitest";

import { cutMarkdown, parseInline, parseMarkdown, safeAddress, type Inline, type MarkdownBlock } from "./markdown.ts";

function addresses(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(addresses);
  if (typeof value !== "object" || value === null) return [];
  const own = "href" in value ? [String(value.href)] : [];
  return [...own, ...Object.values(value).flatMap(addresses)];
}

function words(value: readonly (Inline | MarkdownBlock)[]): string {
  return JSON.stringify(value);
}

const pieces = constantFrom(
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))",
  "[a](JaVaScRiPt:alert(1))",
  "[a](data:text/html,x)",
  "[a](vbscript:x)",
  "[a](\tjavascript:x)",
  "![p](https://example.org/p.png)",
  "[b](https://example.org)",
  "https://example.org/a_b?c=d",
  "**",
  "*",
  "_",
  "~~",
  "`",
  "```",
  "\n",
  "\n\n",
  "- ",
  "1. ",
  "> ",
  "| a | b |",
  "|---|---|",
  "# ",
  "text ",
  "  ",
  "\\",
);

describe("markdown", () => {
  it("has no address but those that only show something, whatever is written", () => {
    assert(
      property(array(pieces, { maxLength: 40 }), (parts) => {
        for (const href of addresses(parseMarkdown(parts.join("")))) expect(href).toMatch(/^(?:https?:|mailto:)/);
      }),
      { numRuns: 500 },
    );
    for (const address of [
      "javascript:alert(1)",
      " javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "/apps",
      "x",
    ])
      expect(safeAddress(address)).toBeNull();
  });

  it("reads any text at all, in time", () => {
    assert(
      property(string({ maxLength: 400 }), (text) => {
        parseMarkdown(text);
      }),
    );
    const startedAt = performance.now();
    for (const text of [
      "*".repeat(5_000),
      "[".repeat(5_000),
      "`".repeat(5_000),
      "> ".repeat(2_000),
      "_a ".repeat(3_000),
      "[a](".repeat(2_000),
      "- ".repeat(2_000),
    ])
      parseMarkdown(text);
    for (const piece of ["*", "[", "`a", "**a", "~~", "[a](", "_a "]) parseMarkdown(piece.repeat(100_000));
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it("keeps HTML as the text it is", () => {
    expect(parseMarkdown('<b onclick="x">hi</b>')).toEqual([
      { kind: "paragraph", content: [{ kind: "text", text: '<b onclick="x">hi</b>' }] },
    ]);
  });

  it("reads code, an unfinished fence, and a longer fence around a shorter one", () => {
    expect(parseMarkdown("```ts title\nconst a = 1;\n\n  b\n```\nafter")).toMatchObject([
      { kind: "code", language: "ts", text: "const a = 1;\n\n  b" },
      { kind: "paragraph" },
    ]);
    expect(parseMarkdown("```\nstill writing")).toEqual([{ kind: "code", language: "", text: "still writing" }]);
    expect(parseMarkdown("````\n```\nx\n```\n````")).toEqual([{ kind: "code", language: "", text: "```\nx\n```" }]);
  });

  it("reads lists in lists, with boxes and numbers", () => {
    const [list] = parseMarkdown("- one\n  - inner\n- [x] two\n- [ ] three");
    expect(list).toMatchObject({
      kind: "list",
      start: null,
      items: [
        { isDone: null, content: [{ kind: "paragraph" }, { kind: "list", items: [{}] }] },
        { isDone: true },
        { isDone: false },
      ],
    });
    expect(parseMarkdown("3. three\n4. four\n\nafter")).toMatchObject([
      { kind: "list", start: 3, items: [{}, {}] },
      { kind: "paragraph" },
    ]);
  });

  it("reads tables, headings, quotes and rules", () => {
    expect(
      parseMarkdown("## Title ##\n\n| a | b |\n|---|:-:|\n| 1 | x \\| y |\n\n> said\n> twice\n\n---"),
    ).toMatchObject([
      { kind: "heading", level: 2, content: [{ text: "Title" }] },
      { kind: "table", rows: [[[{ text: "1" }], [{ text: "x | y" }]]] },
      { kind: "quote", content: [{ kind: "paragraph" }] },
      { kind: "rule" },
    ]);
  });

  it("reads marks, and leaves names with underscores and lone stars alone", () => {
    expect(parseInline("**bold *both*** and `a*b`")).toMatchObject([
      { kind: "strong" },
      { kind: "text", text: " and " },
      { kind: "code", text: "a*b" },
    ]);
    expect(parseInline("snake_case_name 2 * 3 * 4")).toEqual([{ kind: "text", text: "snake_case_name 2 * 3 * 4" }]);
    expect(words(parseInline("see https://example.org/x."))).toContain('"https://example.org/x"');
    expect(parseInline("[docs](https://example.org/a_(b))")).toMatchObject([
      { kind: "link", href: "https://example.org/a_(b)" },
    ]);
  });

  it("is cut between blocks, never within code, and nothing is lost", () => {
    assert(
      property(array(pieces, { maxLength: 400 }), (parts) => {
        const text = parts.join("");
        expect(cutMarkdown(text).join("\n")).toBe(text);
      }),
    );
    const code = `\`\`\`\n${"line\n\n".repeat(600)}\`\`\``;
    const parts = cutMarkdown(`${"Some words. ".repeat(150)}\n\n${code}\n\nafter\n`);
    expect(parts).toHaveLength(3);
    expect(parts[1]?.startsWith("```") && parts[1].trimEnd().endsWith("```")).toBe(true);
  });

  it("keeps the earlier parts of an answer as they are while it grows", () => {
    const text = Array.from(
      { length: 60 },
      (_, index) => `## Part ${String(index)}\n\n${"Words and words. ".repeat(20)}\n`,
    ).join("\n");
    let before: string[] = [];
    for (let end = 0; end <= text.length; end += 97) {
      const parts = cutMarkdown(text.slice(0, end));
      expect(parts.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
      before = parts;
    }
    expect(before.length).toBeGreaterThan(5);
  });
});
