import * as fc from "fast-check";
import { expect, test } from "vitest";

import { GatewayError } from "../framework/gateway-error.ts";
import { parsePage } from "../reading/page.ts";
import { readDuckDuckGo } from "./duckduckgo-page.ts";
import { SearchFailure } from "./search-failure.ts";
import { sample } from "./testing/fake-search.ts";
import { tidyHits } from "./tidy-hits.ts";

async function read(source: string, status = 200) {
  const text = { url: "https://html.duckduckgo.com/html/", type: "text/html", encoding: "utf-8", text: source };
  const document = await parsePage({ ...text, warnings: [] });
  return readDuckDuckGo(document, { status, source });
}

async function failureOf(source: string, status = 200): Promise<SearchFailure> {
  const failure = await read(source, status).catch((error: unknown) => error);
  if (failure instanceof SearchFailure) return failure;
  throw new Error(`It was read: ${JSON.stringify(failure)}`);
}

test("results come with the addresses they lead to, without advertisements", async () => {
  const hits = await read(sample("duckduckgo.html"));
  expect(await tidyHits(hits, { source: "duckduckgo", isHtml: false, count: 10 })).toEqual([
    {
      title: "Tides & currents",
      url: "https://tides.example/hamburg?a=1&b=2",
      snippet: "Tide tables of the Elbe, and why bots use DuckDuckGo too.",
      source: "duckduckgo",
      publishedAt: "2026-03-01T00:00:00.000Z",
    },
    { title: "Harbour", url: "https://harbour.example/", snippet: "", source: "duckduckgo", publishedAt: null },
  ]);
});

test.each([
  ["its challenge", sample("duckduckgo-challenge.html"), 202],
  ["its challenge with a good status", sample("duckduckgo-challenge.html"), 200],
  ["an empty page with the status of a challenge", "<html><body></body></html>", 202],
  ["a refusal", "<html><body>Forbidden</body></html>", 403],
])("%s is told as being blocked, never as no results", async (_, source, status) => {
  expect(await failureOf(source, status)).toMatchObject({
    kind: "blocked",
    message: "DuckDuckGo blocks this program: it asks for a proof that a person is searching",
  });
});

test("nothing found is no failure", async () => {
  expect(await read(sample("duckduckgo-empty.html"))).toEqual([]);
});

test("a page that has neither results nor the word that there are none is told as that", async () => {
  expect(await failureOf("<html><body><h1>Welcome</h1></body></html>")).toMatchObject({ kind: "unreadable" });
});

test("links that stay at DuckDuckGo or lead nowhere are no results", async () => {
  const links = [
    "//duckduckgo.com/l/?uddg=javascript%3Aalert(1)",
    "//duckduckgo.com/l/?uddg=https%3A%2F%2Fduckduckgo.com%2Fy.js",
    "//duckduckgo.com/l/?rut=1",
    "https://duckduckgo.com/?q=x",
    "javascript:alert(1)",
    "http://[",
    "//duckduckgo.com/l/?uddg=https%3A%2F%2Fgood.example%2F",
  ];
  const source = links.map((href) => `<div class="result"><a class="result__a" href="${href}">x</a></div>`).join("");
  const hits = await tidyHits(await read(`<html><body>${source}</body></html>`), {
    source: "duckduckgo",
    isHtml: false,
    count: 20,
  });
  expect(hits.map(({ url }) => url)).toEqual(["https://good.example/"]);
});

test("any page is read, or refused as what it is, and stays small", async () => {
  const pieces = fc.constantFrom(
    '<div class="result">',
    '<a class="result__a" href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fa.example%2F">',
    '<a class="result__snippet">',
    "</a>",
    "</div>",
    '<div class="no-results">',
    '<div class="anomaly-modal__title">',
    "<",
    '"',
    "text",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), fc.constantFrom(200, 202, 403), async (parts, status) => {
      const found = await read(parts.join(""), status).catch((error: unknown) => error);
      if (found instanceof Error) expect(found).toBeInstanceOf(GatewayError);
      else expect(found).toBeInstanceOf(Array);
    }),
    { numRuns: 200 },
  );
});
