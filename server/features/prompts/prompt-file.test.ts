import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type PromptInput, promptInputSchema } from "../../../contract/features/prompts.ts";
import { BrokenFile } from "./broken-file.ts";
import { formatPromptFile, parsePromptFile } from "./prompt-file.ts";

const written = `---
# who wrote this
title: Review a diff   # shown in lists
owner: 'me'
"odd key": [1, 2,3]

variables:
  # the change
  - name: diff
    type: long-text
    hint: {from: git, args: [ diff ]}
  - name: depth
    type: choice
    choices: [quick, thorough]
    default: thorough
nested:
    deep: |
      kept   as
      it is
---

Review {{diff}}, {{depth}}.
`;

function parse(text: string): PromptInput {
  return parsePromptFile(text, "review");
}

function broken(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof BrokenFile) return error.message;
    throw error;
  }
  return "is fine";
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/);
const word = fc
  .string({ unit: "grapheme", maxLength: 40 })
  .map((text) => text.replaceAll(/[\r\n\u0085\u2028\u2029\uFEFF\p{Cc}\p{Cs}]/gu, "").trim());
const lines = fc.array(word, { maxLength: 6 }).map((parts) => parts.join("\n"));
const variable = fc.oneof(
  fc.record({ type: fc.constant("text"), default: fc.option(word) }),
  fc.record({ type: fc.constant("long-text"), default: fc.option(lines) }),
  fc.record({ type: fc.constant("number"), default: fc.option(fc.integer()) }),
  fc.record({ type: fc.constant("yes-no"), default: fc.option(fc.boolean()) }),
  fc.record({ type: fc.constant("list"), default: fc.option(fc.array(word, { maxLength: 4 })) }),
  fc.record({ type: fc.constant("choice"), choices: fc.constantFrom(["yes", "no"], ["1", "2"], ["a: b", "# c"]) }),
);
const input = fc
  .record({
    title: word.map((text) => text || "Untitled"),
    description: word,
    variables: fc.uniqueArray(
      fc
        .tuple(name, variable, word, fc.boolean())
        .map(([own, rest, description, isRequired]) => ({ name: own, ...rest, description, isRequired })),
      { maxLength: 4, selector: (entry) => entry.name },
    ),
    body: lines.map((text) => text.replace(/^\s+/, "")).map((text) => (text.trim() === "" ? "Text" : text)),
  })
  .map((value) => promptInputSchema.parse(value));

describe("a prompt file", () => {
  it("says title, variables and text in front matter anybody can write", () => {
    expect(parse(written)).toEqual({
      title: "Review a diff",
      description: "",
      variables: [
        { name: "diff", type: "long-text", description: "", isRequired: true, default: null, choices: [] },
        {
          name: "depth",
          type: "choice",
          description: "",
          isRequired: true,
          default: "thorough",
          choices: ["quick", "thorough"],
        },
      ],
      body: "Review {{diff}}, {{depth}}.",
    });
  });

  it("needs no front matter: the first heading, else the file's name, is the title", () => {
    expect(parse("Just do it.\n")).toMatchObject({ title: "Review", body: "Just do it.", variables: [] });
    expect(parse("\uFEFFHello\r\n\r\n## Say hello ##\r\n")).toMatchObject({ title: "Say hello" });
  });

  it("stays the same, byte for byte, when nothing is changed", () => {
    for (const text of [written, written.replaceAll("\n", "\r\n"), "no front matter", "\uFEFF---\ntitle: x\n---\nbody"])
      expect(formatPromptFile({ text, id: "review" }, parse(text))).toBe(text);
  });

  it("keeps unknown keys, comments and layout byte for byte when known keys change", () => {
    const changed = formatPromptFile(
      { text: written, id: "review" },
      { ...parse(written), title: "Look at: a diff", body: "Other\n\ntext" },
    );
    expect(changed).toBe(
      written
        .replace("title: Review a diff ", 'title: "Look at: a diff" ')
        .replace("Review {{diff}}, {{depth}}.\n", "Other\n\ntext\n"),
    );
  });

  it("keeps what it does not know about a variable while that variable changes", () => {
    const before = parse(written);
    const [diff, depth] = before.variables;
    if (!diff || !depth) throw new Error("two variables expected");
    const changed = formatPromptFile(
      { text: written, id: "review" },
      {
        ...before,
        variables: [
          { ...diff, description: "Output of git diff" },
          { ...depth, isRequired: false },
        ],
      },
    );
    expect(parse(changed).variables).toEqual([
      { ...diff, description: "Output of git diff" },
      { ...depth, isRequired: false },
    ]);
    expect(changed).toContain("# the change");
    expect(changed).toMatch(/hint: \{ ?from: git, args: \[ ?diff ?\] ?\}/);
    expect(changed.slice(changed.indexOf("nested:"))).toBe(written.slice(written.indexOf("nested:")));
    expect(changed.slice(0, changed.indexOf("variables:"))).toBe(written.slice(0, written.indexOf("variables:")));
  });

  it("keeps the kind of newlines", () => {
    const text = "---\r\ntitle: a\r\nmine: 1\r\n---\r\n\r\none\r\ntwo\r\n";
    expect(formatPromptFile({ text, id: "review" }, { ...parse(text), title: "b", body: "one\nthree" })).toBe(
      "---\r\ntitle: b\r\nmine: 1\r\n---\r\n\r\none\r\nthree\r\n",
    );
  });

  it("says what is wrong and where", () => {
    expect(broken("---\ntitle: [\n---\nx")).toMatch(/^Line 3: the front matter is not YAML/);
    expect(broken("---\ntitle: x\n")).toBe("The front matter has no end: a line with --- is missing");
    expect(broken("---\n- a\n---\nx")).toBe("The front matter must be a list of keys with their values");
    expect(broken("---\nvariables: diff\n---\nx")).toBe("variables: must be a list of variables with - name");
    expect(broken("---\nvariables:\n  - name: a\n    type: choice\n---\nx")).toBe(
      "Variable 1, choices: must have at least one entry",
    );
    expect(broken("---\nvariables:\n  - name: a\n    type: number\n    default: many\n---\nx")).toBe(
      "Variable 1, default: must be a number",
    );
    expect(broken("---\nvariables:\n  - {name: a}\n  - {name: a}\n---\nx")).toBe(
      "variables: must name each variable once",
    );
    expect(broken("---\ntitle: x\n---\n\n")).toBe("Its text must not be empty");
  });

  it("reads yes and no as people write them", () => {
    expect(parse("---\nvariables:\n  - {name: a, type: yes-no, default: yes}\n---\nx").variables[0]?.default).toBe(
      true,
    );
  });

  it("says what was written, whatever that is", () => {
    fc.assert(
      fc.property(input, (value) => {
        expect(parse(formatPromptFile(null, value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it("takes any change on top of any file and leaves every line of unknown keys alone", () => {
    const unknown = fc
      .uniqueArray(fc.stringMatching(/^x_[a-z]{1,6}$/), { maxLength: 4 })
      .chain((keys) =>
        fc.tuple(
          fc.constant(keys),
          fc.array(
            fc.constantFrom(": 1 # note", ":   'a  b'", ": {a: [1,2],   b: }", ":\n   - x\n   - y: |\n      t\n"),
            {
              minLength: keys.length,
              maxLength: keys.length,
            },
          ),
        ),
      )
      .map(([keys, values]) => keys.map((key, index) => `${key}${values[index] ?? ""}\n`));
    fc.assert(
      fc.property(input, input, unknown, unknown, (first, second, before, after) => {
        const plain = formatPromptFile(null, first);
        const others = after.filter((entry) => !before.some((other) => other.split(":")[0] === entry.split(":")[0]));
        const close = plain.indexOf("\n---\n") + 1;
        const text = `---\n# mine\n${before.join("")}${plain.slice(4, close)}${others.join("")}${plain.slice(close)}`;
        expect(parse(text)).toEqual(first);
        const changed = formatPromptFile({ text, id: "review" }, second);
        expect(parse(changed)).toEqual(second);
        for (const entry of ["# mine\n", ...before, ...others]) expect(changed).toContain(entry);
      }),
      { numRuns: 300 },
    );
  });
});
