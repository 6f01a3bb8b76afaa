import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { cleanInput } from "./clean-input.ts";
import { GatewayError } from "./gateway-error.ts";
import { htmlField } from "./html-field.ts";
import { cleanOutput } from "./output-cleaning.ts";
import { loadSanitiser } from "./sanitiser.ts";
import { secretForms } from "./secret-forms.ts";

const none = { secrets: [] };

beforeAll(loadSanitiser);

describe("what is harmless", () => {
  test.each([
    "Please select * from the menu; drop table 7 is free -- thanks",
    "<script>alert(1)</script> is how an example looks, as text",
    "The password: how to choose one. A secret: always ask. Token: a coin. Bearer authentication-schemes of today",
    "line one\n\tline two\r\nEmoji 👩‍👩‍👧 and שלום and A\u030a",
    "https://example.org/path?x=1&y=%20#z and user@example.org",
  ])("arrives unchanged: %s", (text) => {
    expect(cleanOutput({ text, list: [text] }, none)).toEqual({ text, list: [text] });
  });

  test("numbers, times, bytes and what is nothing stay what they are", () => {
    const bytes = new Uint8Array([0, 1, 27, 255]);
    const at = new Date(0);
    const value = { bytes, at, n: -0.5, isIt: false, nothing: null, nextToken: "abc", missing: undefined };
    expect(cleanOutput(value, { secrets: ["hunter22"] })).toStrictEqual(value);
    expect(cleanOutput(value, none).bytes).toBe(bytes);
  });

  test("any value of words arrives unchanged", () => {
    const word = fc.constantFrom(
      "select",
      "drop",
      "token",
      "password",
      "<b>",
      "--",
      "'",
      '"',
      "\\",
      "ä",
      "👍",
      " ",
      "\n",
    );
    const text = fc.array(word).map((words) => words.join(" "));
    const value = fc.letrec((tie) => ({
      value: fc.oneof(text, fc.integer(), fc.boolean(), fc.array(tie("value")), fc.dictionary(text, tie("value"))),
    })).value;
    fc.assert(
      fc.property(value, (given) => {
        expect(cleanOutput(given, { secrets: ["correct horse battery"] })).toEqual(given);
      }),
    );
  });
});

describe("secrets", () => {
  const secret = 'p@ss "wörd"/<1>&+~';

  test.each(secretForms(secret))("are found as %j, in names too", (form) => {
    expect(cleanOutput({ [`a ${form}`]: [`x ${form} y`] }, { secrets: [secret] })).toEqual({
      "a [redacted]": ["x [redacted] y"],
    });
  });

  test("are found in base64 whatever stands around them", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (before, after) => {
        const basic = Buffer.from(`${before}:${secret}${after}`).toString("base64");
        expect(cleanOutput(basic, { secrets: [secret] })).toContain("[redacted]");
      }),
    );
  });

  test("are found by what stands behind the word for their kind", () => {
    const options = { secrets: ["Bearer acc-4455-behind"] };
    expect(cleanOutput({ said: "invalid token acc-4455-behind" }, options)).toEqual({
      said: "invalid token [redacted]",
    });
    expect(cleanOutput("Bearer is a word", options)).toBe("Bearer is a word");
  });

  test("do not come through with control characters between their letters", () => {
    expect(cleanOutput("cor\u0000rect-\u001b[1mhorse", { secrets: ["correct-horse"] })).toBe("[redacted]");
  });

  test("of known shape go without being known, and what is too short is no secret", () => {
    expect(cleanOutput(`ghp_${"a1".repeat(15)} and the`, { secrets: ["the"] })).toBe("[redacted] and the");
    expect(cleanOutput("postgres://me:hunter2@db/x", none)).toBe("postgres://me:[redacted]@db/x");
  });
});

describe("HTML", () => {
  const schema = z.object({
    title: z.string(),
    body: htmlField.optional(),
    posts: z.array(
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("html"), text: htmlField }),
        z.object({ kind: z.literal("text"), text: z.string() }),
      ]),
    ),
    byName: z.record(z.string(), z.nullable(htmlField)).default({}),
  });
  const dirty = '<p onclick="x()">Hi <script>alert(1)</script><a href="javascript:x">a</a><img src=//x></p>';
  const clean = '<p>Hi <a rel="noopener noreferrer nofollow">a</a></p>';

  test("is sanitised where the schema says that it is HTML, and only there", () => {
    const value = {
      title: dirty,
      body: dirty,
      posts: [
        { kind: "html", text: dirty },
        { kind: "text", text: dirty },
      ],
      byName: { x: dirty, y: null },
    };
    expect(cleanOutput(value, { secrets: [], schema })).toEqual({
      title: dirty,
      body: clean,
      posts: [
        { kind: "html", text: clean },
        { kind: "text", text: dirty },
      ],
      byName: { x: clean, y: null },
    });
  });

  test("a secret torn by a tag, or written with an entity, is found after sanitising", () => {
    const options = { secrets: ["correct-horse"], schema: htmlField };
    expect(cleanOutput("<p>correct<script>x</script>-horse</p>", options)).toBe("<p>[redacted]</p>");
    expect(cleanOutput("<p>correct&#45;horse &#7;</p>", options)).toBe("<p>[redacted] </p>");
  });

  test("made to take long is cut before it is parsed, and that is told", () => {
    let cuts = 0;
    const options = { secrets: [], schema: htmlField, onCut: () => (cuts += 1) };
    const hostile = "<div>".repeat(400_000);
    const result = cleanOutput(`<p>First</p>${hostile}`, options);
    expect(result.startsWith("<p>First</p><div>")).toBe(true);
    expect(result.length).toBeLessThan(1_000);
    expect(cuts).toBe(1);
  });

  test("plain sentences with entities mean the same afterwards", () => {
    expect(cleanOutput("<p>Fish &amp; chips &lt; 5 €</p>", { secrets: [], schema: htmlField })).toBe(
      "<p>Fish &amp; chips &lt; 5 €</p>",
    );
  });
});

test("twice is the same as once, with and without HTML", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom("<b>", "</b>", "<script>", "<a href='//x'>", "&lt;", "&#0;", "<!--", "hunter2hunter2", "\u001b[3"),
    fc.constantFrom("[redacted]", "postgres://a:b@c ", "%68", "\u202e", "]]>", "<svg", '"'),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  for (const schema of [z.object({ text: z.string() }), z.object({ text: htmlField })])
    fc.assert(
      fc.property(text, fc.jsonValue(), (one, json) => {
        const options = { secrets: ["hunter2hunter2", "redacted"], schema };
        const once = cleanOutput({ text: one, json }, options);
        expect(cleanOutput(once, options)).toEqual(once);
      }),
      { numRuns: 100 },
    );
});

test("what passed the input's cleaning passes this one unchanged", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const cleaned = cleanInput(text);
      expect(cleanOutput(cleaned, none)).toBe(cleaned);
    }),
  );
});

test("what is nested without end is refused, with what to do", () => {
  const deep: unknown = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));
  expect(() => cleanOutput(deep, none)).toThrow(GatewayError);
});

test("ten megabytes are a matter of seconds on a busy machine, as one text and as many", () => {
  const sentence = "Select a token of the sentence: key=value, https://example.org/a?b=c and more words. ";
  const text = sentence.repeat(Math.ceil(10_000_000 / sentence.length));
  const list = Array.from({ length: 100_000 }, (_, id) => ({ id, text: sentence }));
  const secrets = Array.from({ length: 20 }, (_, number) => `very-secret-value-${number}`);
  const startedAt = performance.now();
  expect(cleanOutput(text, { secrets })).toBe(text);
  cleanOutput(list, { secrets, schema: z.array(z.object({ id: z.int(), text: z.string() })) });
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});
