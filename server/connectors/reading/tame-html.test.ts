import * as fc from "fast-check";
import { expect, test } from "vitest";

import { plainText, shorten } from "./plain-text.ts";
import { tameHtml } from "./tame-html.ts";

const tamed = (html: string): string => tameHtml(html).html;

test("scripts, styles, frames and comments go with what is in them", () => {
  const html =
    "a<script>if(a<b){}</script>b<style>p{}</style><!-- <p> -->c<svg><title>x</title></svg><iframe src=x>d</iframe>e";
  expect(tamed(html)).toBe("abce");
});

test("handlers of events go, what a reader needs stays", () => {
  expect(tamed(`<a HREF='/x?a=1&amp;b="2"' onclick="evil()" data-x=1>t</a>`)).toBe(
    `<a href="/x?a=1&amp;b=&quot;2&quot;">t</a>`,
  );
});

test("what is left open is closed, siblings end each other", () => {
  expect(tamed("<ul><li>a<li>b<ul><li>c</ul><li>d</ul><p>x<p>y<div>z")).toBe(
    "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul><p>x</p><p>y</p><div>z</div>",
  );
  expect(tamed("<table><tr><td>1<td>2<tr><td>3</table>")).toBe(
    "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>",
  );
});

test("ends without a beginning are left out, a bracket that is no tag is text", () => {
  expect(tamed("</div>1 < 2</b> <3 <title>a<b>c</title>")).toBe("1 &lt; 2 &lt;3 <title>a&lt;b&gt;c</title>");
});

test("data for search engines stays, as it is", () => {
  const data = '<script type="application/ld+json">{"a":"<b>"}</script>';
  expect(tamed(data)).toBe(data);
});

test.each([
  ["nested tags", "<div>".repeat(2_000_000)],
  ["nested cells", "<table><tr><td>".repeat(650_000)],
  ["unclosed comments", "<!--".repeat(2_500_000)],
  ["brackets", "<".repeat(10_000_000)],
  ["unclosed quotes", `<a href="`.repeat(1_100_000)],
  ["equals signs", `<a ${"=".repeat(10_000_000)}`],
  ["spaces in a tag", `<a ${" ".repeat(10_000_000)}=`],
  ["attributes", `<a ${"b ".repeat(5_000_000)}>`],
  ["unclosed scripts", "<script>".repeat(1_250_000)],
  ["titles", "<title>".repeat(1_400_000)],
  ["wrong ends", "<b></i>".repeat(1_400_000)],
])("10 MB of %s are tamed in time that grows with their length alone", (_, html) => {
  const started = performance.now();
  const { html: result } = tameHtml(html);
  expect(performance.now() - started).toBeLessThan(6_000); // a machine that does much else has time too; the square of 10 MB takes hours
  expect(result.length).toBeLessThan(13_000_000);
});

test("depth and number have a limit, which is said", () => {
  const { html, isCut } = tameHtml(`${"<b>".repeat(500)}x${"</b>".repeat(500)}after`);
  expect(isCut).toBe(true);
  expect(html).toBe(`${"<b>".repeat(60)}x${"</b>".repeat(60)}after`);
  expect(tameHtml("<br>".repeat(30_000)).isCut).toBe(true);
  expect(tameHtml("<p>x</p>").isCut).toBe(false);
});

test("taming twice changes nothing more, and whatever goes in, nothing that runs comes out", () => {
  const piece = fc.constantFrom(
    "<p>",
    "</p>",
    "<script>",
    "</script>",
    "<",
    ">",
    "x",
    '"',
    "<a onclick=",
    "<li>",
    "<!--",
    "&lt;",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 30 }), (pieces) => {
      const once = tamed(pieces.join(""));
      expect(tamed(once)).toBe(once);
      expect(once).not.toMatch(/<script|<[^>]* on\w+=/i);
    }),
  );
});

test("plain text has the words of the page, apart, on one line", async () => {
  expect(await plainText("<p>One &amp; two</p><p>three<br>four</p><script>evil()</script>")).toBe(
    "One & two three four",
  );
  expect(await plainText("1 < 2 &lt;b&gt;")).toBe("1 < 2 <b>");
});

test("endless entities become one character each", async () => {
  expect(await plainText("&amp;".repeat(400_000), 20)).toBe(`${"&".repeat(19)}…`);
});

test("what is too long is cut at a word", () => {
  expect(shorten("one two three four five", 20)).toBe("one two three four…");
  expect(shorten("short", 5)).toBe("short");
  expect(shorten("😀😀😀😀", 6)).toBe("😀😀…");
});
