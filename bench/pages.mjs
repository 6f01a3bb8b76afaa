// For how long reading pages and feeds of people who mean harm holds everything else up: 2 MB each, an ordinary page beside them.
//   node bench/pages.mjs [--save]
import { rmSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { format, median, report } from "./lib/report.mjs";

const rounds = 5;
const size = 2_000_000;
const limitMs = 200;
const bundle = await bundleProgram("bench/lib/pages-parts.ts");
const parts = await import(pathToFileURL(bundle).href);
await parts.loadSanitiser();
const url = "https://example.com/";

const filled = (piece) => piece.repeat(Math.floor(size / piece.length));
const sentence = "The harbour was quiet, and nobody spoke of the storm that had passed, not even the children. ";
const pages = {
  "an ordinary long article": `<article><h1>Harbour</h1>${`<p>${sentence.repeat(4)}<a href="/x">more</a></p>`.repeat(300)}</article>`,
  "nested tags": filled("<div>"),
  "nested cells": filled("<table><tr><td>"),
  "paragraphs with marks": filled("<p>word, <b>word</b>"),
  links: filled('<a href="/a?b=c">a</a> '),
  "list items": filled("<li>one"),
  entities: `<p>${filled("&amp;")}</p>`,
  "one long text": `<p>${filled(sentence)}</p>`,
  "tables of many rows": `<table>${filled("<tr><td>1</td><td>2</td></tr>")}</table>`,
  "commas in paragraphs": filled(`<p>${"a, ".repeat(60)}</p>`),
};
const items = filled("<item><title>a &amp;amp; b</title><description>&lt;p&gt;x, y&lt;/p&gt;</description></item>");
const feeds = { "a feed of many entries": `<rss version="2.0"><channel>${items}</channel></rss>` };

async function readPage(text) {
  const document = await parts.parsePage({ url, type: "text/html", encoding: "utf-8", text, warnings: [] });
  parts.pageMetadata(document, url);
  const { root } = await parts.mainPart(document, url, { isMainOnly: true });
  return (await parts.toMarkdown(root)).length;
}
const ways = [
  ...Object.entries(pages).map(([name, text]) => ({ name: `page: ${name}`, work: () => readPage(text) })),
  ...Object.entries(pages).map(([name, text]) => ({
    name: `field of HTML: ${name}`,
    work: () => parts.cleanOutput(text, { secrets: [], schema: parts.htmlField }).length,
  })),
  ...Object.entries(feeds).map(([name, text]) => ({
    name,
    work: () => parts.readFeed(Buffer.from(text), "application/rss+xml"),
  })),
];

/** The longest time in which nothing else came to its turn. */
async function longestHold(work) {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  await sleep(5);
  longest = 0;
  last = performance.now();
  await work();
  await sleep(2);
  look();
  clearInterval(timer);
  return longest;
}

const rows = [];
for (const { name, work } of ways) {
  const holds = [];
  for (let round = 0; round < rounds; round += 1) holds.push(await longestHold(work));
  rows.push({ name, hold: median(holds), worst: Math.max(...holds) });
}
rmSync(bundle);
report({
  program: "pages",
  title: "how long 2 MB that mean harm hold the server up",
  columns: ["what is read", "median ms", "worst ms"],
  rows: rows.map(({ name, hold, worst }) => [name, format(hold), format(worst)]),
  goals: [
    {
      text: `nothing else waits longer than ${limitMs} ms (${format(Math.max(...rows.map(({ hold }) => hold)))} ms, median of the slowest)`,
      isMet: rows.every(({ hold }) => hold <= limitMs),
    },
  ],
  notes: [`Load of the machine, other programs included, at the end: ${format(loadavg()[0], 1)} on its cores.`],
});
