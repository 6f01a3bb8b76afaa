import { expect, it } from "vitest";

import { summaryOf } from "./delivery-summary.ts";

it("says where a message goes and what it is about, in one line", () => {
  const mail = { html: "<p>x</p>", text: "Long ago\nthere was", subject: "Hello", to: ["a@example.com"], cc: null };
  expect(summaryOf(mail)).toBe('to: ["a@example.com"] · subject: Hello · text: Long ago there was');
  expect(summaryOf({ body: { a: 1 }, depth: 2 })).toBe('body: {"a":1} · depth: 2');
  expect(summaryOf({})).toBe("");
});

it("cuts what is long, and takes what is no object as it is", () => {
  expect(summaryOf({ text: "x".repeat(500) })).toHaveLength("text: ".length + 60);
  expect(summaryOf("plain")).toBe("plain");
});
