import { expect, test } from "vitest";

import { htmlField } from "./html-field.ts";
import { cleanOutput, cleanReply } from "./output-cleaning.ts";
import { SanitiserMissing } from "./sanitiser.ts";

test("HTML waits for the library that sanitises it, and never goes through without", async () => {
  let cuts = 0;
  const options = { secrets: ["hunter22"], schema: htmlField, onCut: () => (cuts += 1) };
  const html = `<p onclick="x()">hunter22<script>x()</script></p>${"<b>".repeat(500)}`;

  expect(() => cleanOutput(html, options)).toThrow(SanitiserMissing);
  const cleaned = await cleanReply(html, options);
  expect(cleaned).toMatch(/^<p>\[redacted\]<\/p><b>/);
  expect(cuts).toBe(1);
  expect(cleanOutput(html, options)).toBe(cleaned);
});

test("text needs none, and what cannot be cleaned is said as it is", async () => {
  expect(await cleanReply({ text: "<b>" }, { secrets: [] })).toEqual({ text: "<b>" });
  const deep = JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`) as unknown;
  await expect(cleanReply(deep, { secrets: [] })).rejects.toThrow("nested deeper");
});
