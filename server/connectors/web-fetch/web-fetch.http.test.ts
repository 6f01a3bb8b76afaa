import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";
import { loopbackContext } from "../framework/testing/loopback-context.ts";
import { startSite, type SitePages, type WebSite } from "../reading/testing/web-site.ts";
import { webFetchConfigSchema } from "./web-fetch-config.ts";
import { createPageReader, type PageReader } from "./page-reader.ts";
import { createWebFetch } from "./web-fetch.ts";

const sentence = "The harbour was quiet, the boats lay still, and nobody spoke of the storm that had passed. ";
const article = `<!doctype html><html lang="en"><head><title>The harbour | News</title>
<meta name="description" content="About a harbour"><meta property="og:site_name" content="News">
<meta property="article:published_time" content="2026-03-01T08:00:00Z"><link rel="canonical" href="/harbour">
<link rel="alternate" type="application/rss+xml" title="All" href="/feed.xml"></head>
<body><nav><a href="/home">Home</a><a href="javascript:evil()">Evil</a></nav>
<article><h1>The harbour</h1><p class="byline" rel="author">By Ann Lee</p><p>${sentence.repeat(4)}<a href="map">The map</a>.</p>
<h2>Figures</h2><table><caption>Boats</caption><tr><th>Kind</th><th>Number</th></tr><tr><td>Sail | oar</td><td>7</td></tr></table>
<pre><code>let a = 1 &lt; 2;</code></pre><p>${sentence.repeat(4)}</p><script>alert("no")</script>
<p><a href="java&#115;cript:alert(1)">Click</a><img src="boat.png" alt="A boat" onerror="alert(1)"></p></article>
<footer>Imprint</footer></body></html>`;

let site: WebSite;
let program = "";
let reader: PageReader;
let webFetch: ReturnType<typeof createWebFetch>;
beforeAll(async () => {
  site = await startSite({});
  program = await bundleProgram("server/connectors/web-fetch/page-worker.ts");
  reader = createPageReader(program);
  webFetch = createWebFetch(reader, { read: () => Promise.reject(new Error("No call here asks for the browser")) });
});
afterAll(async () => {
  await reader.stop();
  await rm(program, { force: true });
  await site.close();
});
beforeEach(() => {
  site.visits.length = 0;
});

async function run(
  name: "fetch" | "download" | "extract",
  pages: SitePages,
  input: Record<string, unknown>,
  config: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  site.pages = pages;
  const operation = webFetch.operations[name];
  if (!operation) throw new Error(`There is no ${name}`);
  const { context, close } = loopbackContext({
    config: webFetchConfigSchema.parse(config),
    insides: [{ address: site.origin }],
  });
  try {
    const wish = operation.input.parse({ url: `${site.origin}/harbour`, ...input });
    return operation.output.parse(await operation.run(wish, context)) as Record<string, unknown>;
  } finally {
    await close();
  }
}

test("an article comes as Markdown with whole links and a table, without menus and scripts", async () => {
  const page = await run("fetch", { "/harbour": { body: article } }, {});
  expect(page).toMatchObject({
    isArticle: true,
    encoding: "utf-8",
    description: "About a harbour",
    siteName: "News",
    language: "en",
    publishedAt: "2026-03-01T08:00:00Z",
    nextOffset: null,
    warnings: [],
  });
  expect(page["title"]).toContain("The harbour");
  const content = String(page["content"]);
  expect(content).toContain(`[The map](${site.origin}/map)`);
  expect(content).toContain("## Figures");
  expect(content).toContain("| Kind | Number |\n| --- | --- |\n| Sail \\| oar | 7 |");
  expect(content).toContain("```\nlet a = 1 < 2;\n```");
  expect(content).toContain(`![A boat](${site.origin}/boat.png)`);
  expect(content).not.toMatch(/alert|javascript|Imprint|Home/);
  expect(site.visits[0]?.headers["user-agent"]).toBe("Mozilla/5.0 (compatible; PortOS)");
});

test("the whole page comes when it is asked for, as text on lines of its own", async () => {
  const body = "<body><p>One</p><div>Two<br>three</div><ul><li>four</ul>";
  expect(await run("fetch", { "/harbour": { body } }, { mainOnly: false, format: "text" })).toMatchObject({
    isArticle: false,
    content: "One\nTwo\nthree\nfour",
    html: null,
  });
});

test("HTML comes in the field the gateway sanitises, nothing that runs in it", async () => {
  const page = await run("fetch", { "/harbour": { body: article } }, { format: "html" });
  expect(page["content"]).toBe("");
  expect(String(page["html"])).toContain("<h2>Figures</h2>");
  expect(String(page["html"])).not.toMatch(/script|onerror/i);
});

test("a long page is read part by part, and the parts together are the whole", async () => {
  const pages = { "/harbour": { body: "😀b".repeat(300), headers: { "content-type": "text/plain; charset=utf-8" } } };
  let text = "";
  let offset: unknown = 0;
  for (let turn = 0; offset !== null && turn < 20; turn += 1) {
    const page = await run("fetch", pages, { offset, maxChars: 202 });
    text += String(page["content"]);
    offset = page["nextOffset"];
  }
  expect(text).toBe("😀b".repeat(300));
});

test("a page that names a wrong charset is read right, with a warning", async () => {
  const body = Buffer.concat([Buffer.from('<meta charset="windows-1251"><p>'), Buffer.from("cff0e8e2e5f2", "hex")]);
  const page = await run("fetch", { "/harbour": { body } }, { mainOnly: false });
  expect(page).toMatchObject({ content: "Привет", encoding: "windows-1251" });
  expect(page["warnings"]).toEqual(["The page names a wrong encoding; it was read as windows-1251."]);
});

test("what is no text is refused with the way to get it", async () => {
  const png = { body: Buffer.from("89504e470d0a1a0a00", "hex"), headers: { "content-type": "image/png" } };
  await expect(run("fetch", { "/harbour": png }, {})).rejects.toMatchObject({
    gatewayCode: "reply_invalid",
    hint: "Use download for files that are no pages.",
  });
  const lying = { ...png, headers: { "content-type": "text/html" } };
  await expect(run("fetch", { "/harbour": lying }, {})).rejects.toMatchObject({ gatewayCode: "reply_invalid" });
});

test("a page beyond the limit is refused, a missing one says so", async () => {
  const pages = { "/harbour": { body: "x".repeat(10_001) } };
  await expect(run("fetch", pages, {}, { maxPageBytes: 10_000 })).rejects.toMatchObject({
    gatewayCode: "too_large",
    hint: 'Ask for less, or raise "Max page bytes" in the configuration of Web pages.',
  });
  await expect(run("fetch", {}, {})).rejects.toMatchObject({ gatewayCode: "upstream_failed" });
});

test("robots.txt is asked when the call or the configuration wants it, before the page", async () => {
  const pages: SitePages = {
    "/robots.txt": { body: "User-agent: *\nDisallow: /harbour", headers: { "content-type": "text/plain" } },
    "/harbour": { body: "<p>x" },
    "/way": { status: 302, headers: { location: "/harbour" } },
  };
  const refused = { gatewayCode: "refused_by_policy", message: expect.stringContaining("robots.txt") as string };
  await expect(run("fetch", pages, { respectsRobots: true })).rejects.toMatchObject(refused);
  expect(site.visits.map(({ path }) => path)).toEqual(["/robots.txt"]);
  await expect(run("extract", pages, {}, { alwaysRespectsRobots: true })).rejects.toMatchObject(refused);
  const way = { url: `${site.origin}/way`, respectsRobots: true };
  await expect(run("fetch", pages, way)).rejects.toMatchObject(refused);
  expect(await run("fetch", pages, {})).toMatchObject({ content: "x" });
});

test("a site without robots.txt welcomes, one whose robots.txt fails does not", async () => {
  const page = { body: "<p>x" };
  expect(await run("fetch", { "/harbour": page }, { respectsRobots: true })).toMatchObject({ content: "x" });
  const failing = { "/harbour": page, "/robots.txt": { status: 503 } };
  await expect(run("fetch", failing, { respectsRobots: true })).rejects.toMatchObject({
    gatewayCode: "refused_by_policy",
  });
});

test("a file comes with its bytes, hash, type by content and a harmless name", async () => {
  const bytes = Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.from([0, 255, 1])]);
  const headers = { "content-type": "text/plain", "content-disposition": `attachment; filename="../../.bashrc"` };
  expect(await run("download", { "/harbour": { body: bytes, headers } }, { types: ["application/pdf"] })).toEqual({
    url: `${site.origin}/harbour`,
    name: "bashrc",
    contentType: "text/plain",
    type: "application/pdf",
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    base64: bytes.toString("base64"),
  });
});

async function nameOf(disposition: string, path = "/harbour"): Promise<unknown> {
  const pages = { [path]: { headers: { "content-disposition": disposition } } };
  return (await run("download", pages, { url: `${site.origin}${path}` }))["name"];
}

test("names of files: encoded ones, those of the address, none", async () => {
  expect(await nameOf("attachment; filename*=UTF-8''%E2%82%AC%20rates.csv")).toBe("€ rates.csv");
  expect(await nameOf("inline", "/a%2Fb.txt")).toBe("b.txt");
  expect(await nameOf("inline", "/%00..")).toBe("download");
});

test("a file of another type, or too large, is refused", async () => {
  const pages = { "/harbour": { body: "<!doctype html><p>Sign in", headers: { "content-type": "image/png" } } };
  await expect(run("download", pages, { types: ["image/*"] })).rejects.toMatchObject({ gatewayCode: "reply_invalid" });
  await expect(run("download", pages, { maxBytes: 5 })).rejects.toMatchObject({ gatewayCode: "too_large" });
});

test("parts of a page: metadata, links, tables, text", async () => {
  const page = await run("extract", { "/harbour": { body: article } }, {});
  expect(page["metadata"]).toMatchObject({
    title: "The harbour | News",
    canonicalUrl: `${site.origin}/harbour`,
    feeds: [{ url: `${site.origin}/feed.xml`, title: "All" }],
  });
  expect(page["links"]).toEqual([
    { url: `${site.origin}/home`, text: "Home" },
    { url: `${site.origin}/map`, text: "The map" },
  ]);
  expect(page["tables"]).toEqual([
    {
      caption: "Boats",
      rows: [
        ["Kind", "Number"],
        ["Sail | oar", "7"],
      ],
    },
  ]);
  expect(page["text"]).toContain("## Figures");
  expect(page["matches"]).toBeNull();
});

test("a selector narrows everything, and one that is none says how to write it", async () => {
  const pages = { "/harbour": { body: article } };
  const page = await run("extract", pages, { selector: "nav, nav a", parts: ["links", "text"] });
  expect(page).toMatchObject({ matches: 3, metadata: null, tables: null, links: [{ text: "Home" }] });
  expect(page["text"]).toBe(`[Home](${site.origin}/home)Evil`);
  expect(await run("extract", pages, { selector: ".none" })).toMatchObject({ matches: 0, links: [], text: "" });
  const wrong = { gatewayCode: "invalid_params" };
  await expect(run("extract", pages, { selector: "a[" })).rejects.toMatchObject(wrong);
  await expect(run("extract", pages, { selector: ":has(:has(:has(:has(a))))" })).rejects.toMatchObject(wrong);
});

test("only addresses of the web are taken", () => {
  const { input } = webFetch.operations["fetch"] ?? {};
  for (const url of ["file:///etc/passwd", "javascript:alert(1)", "ftp://example.com/", "example.com"])
    expect(input?.safeParse({ url }).success, url).toBe(false);
});

test.each([
  ["nested tags", "<div>".repeat(1_900_000)],
  ["entities", `<p>${"&amp;".repeat(1_900_000)}`],
  ["paragraphs", "<p>word, <b>word</b>".repeat(450_000)],
  ["links", '<a href="/x">a</a> '.repeat(450_000)],
])("nearly 10 MB of %s are read in part, which is said, and nothing else waits for it", async (_, body) => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 10);
  const page = await run("fetch", { "/harbour": { body } }, {}, { maxPageBytes: 20_000_000 });
  clearInterval(timer);
  expect(String(page["content"]).length).toBeLessThan(500_001);
  expect(page["warnings"]).toEqual(["The page is so large or so deeply nested that a part of it was left out."]);
  expect(turns).toBeGreaterThan(0);
});
