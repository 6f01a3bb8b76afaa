import { readFile } from "node:fs/promises";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { GatewayError } from "../framework/gateway-error.ts";
import type { FeedAbout, FeedItem } from "./feed-schema.ts";
import { normaliseFeed } from "./normalise-feed.ts";
import { readFeed } from "./read-feed.ts";

interface Read {
  about: FeedAbout;
  items: FeedItem[];
  warnings: string[];
}

async function read(source: string | Uint8Array, contentType = "", url = "https://example.org/feed"): Promise<Read> {
  const bytes = typeof source === "string" ? Buffer.from(source) : source;
  const { parsed, warnings } = await readFeed(bytes, contentType);
  const { about, entries, read: readEntries } = await normaliseFeed(parsed, url);
  return { about, items: await readEntries(entries, true), warnings };
}

const sample = (name: string): Promise<Buffer> => readFile(new URL(`testing/samples/${name}`, import.meta.url));

test("RSS 0.90 is read", async () => {
  const { about, items, warnings } = await read(await sample("rss-0.90.xml"));
  expect(about).toMatchObject({ format: "rdf", title: "Mozilla Dot Org", siteUrl: "http://www.mozilla.org/" });
  expect(items.map(({ title, url }) => [title, url])).toEqual([
    ["New Status Updates", "http://www.mozilla.org/status/"],
    ["Bugzilla Reorganized", "http://www.mozilla.org/bugs/"],
  ]);
  expect(warnings).toEqual([]);
});

test("RSS 0.91 is read, its document type is passed over", async () => {
  const { about, items, warnings } = await read(await sample("rss-0.91.xml"));
  expect(about).toMatchObject({ format: "rss", title: "WriteTheWeb", language: "en-us" });
  expect(items).toHaveLength(2);
  expect(items[0]).toMatchObject({
    title: "Giving the world a pluggable Gnutella",
    url: "http://writetheweb.com/read.php?item=24",
    id: "http://writetheweb.com/read.php?item=24",
  });
  expect(warnings).toEqual([]);
});

test("RSS 0.92 is read: entries without title and address, files", async () => {
  const { items, warnings } = await read(await sample("rss-0.92.xml"));
  expect(items[0]).toMatchObject({
    url: null,
    attachments: [
      { url: "http://www.scripting.com/mp3s/weatherReportDicksPicsVol7.mp3", type: "audio/mpeg", bytes: 6_182_912 },
    ],
  });
  expect(items[0]?.title).toMatch(/^It's been a few days since I added a song.*…$/);
  expect(items[0]?.html).toContain("<i>A little change, the wind and rain.</i>");
  expect(items[0]?.id).not.toBe(items[1]?.id);
  expect(warnings).toEqual([]);
});

test("RSS 1.0 is read with its modules", async () => {
  const { about, items, warnings } = await read(await sample("rss-1.0.xml"));
  expect(about).toEqual({
    format: "rdf",
    title: "XML.com",
    description: "XML.com features a rich mix of information and services for the XML community.",
    siteUrl: "http://xml.com/pub",
    language: "en",
  });
  expect(items[0]).toMatchObject({
    id: "http://xml.com/pub/2000/08/09/xslt/xslt.html",
    publishedAt: "2000-08-09T12:00:00.000Z",
    authors: ["Simon St.Laurent (mailto:simonstl@simonstl.com)"],
    categories: ["XML"],
  });
  expect(items[1]?.html).toBe("<p>What a <em>beautiful</em> day!</p>");
  expect(warnings).toEqual([]);
});

test("RSS 2.0 is read", async () => {
  const { about, items, warnings } = await read(await sample("rss-2.0.xml"));
  expect(about).toMatchObject({ format: "rss", title: "Liftoff News", description: "Liftoff to Space Exploration." });
  expect(items[0]).toMatchObject({
    id: "http://liftoff.msfc.nasa.gov/2003/06/03.html#item573",
    title: "Star City",
    url: "http://liftoff.msfc.nasa.gov/news/2003/news-starcity.asp",
    publishedAt: "2003-06-03T09:39:21.000Z",
  });
  expect(items[0]?.summary).toMatch(/at Russia's Star City\.$/);
  expect(items[1]?.url).toBe("http://liftoff.msfc.nasa.gov/2003/05/30.html#item572");
  expect(warnings).toEqual([]);
});

test("Atom 0.3 is read", async () => {
  const { about, items, warnings } = await read(await sample("atom-0.3.xml"));
  expect(about).toMatchObject({ format: "atom", title: "dive into mark", siteUrl: "http://diveintomark.org/" });
  expect(items[0]).toMatchObject({
    url: "http://diveintomark.org/2003/12/13/atom03",
    publishedAt: "2003-12-13T12:29:29.000Z",
    updatedAt: "2003-12-13T18:30:02.000Z",
    summary: "The snapshot is here.",
    authors: ["Mark Pilgrim"],
  });
  expect(warnings).toEqual([]);
});

test("Atom 1.0 is read, markup in it as HTML", async () => {
  const { about, items, warnings } = await read(await sample("atom-1.0.xml"));
  expect(about.description).toBe("A lot of effort went into making this effortless");
  expect(items[0]).toMatchObject({
    id: "tag:example.org,2003:3.2397",
    url: "http://example.org/2005/04/02/atom",
    summary: "[Update: The Atom draft is finished.]",
    authors: ["Mark Pilgrim"],
    attachments: [{ url: "http://example.org/audio/ph34r_my_podcast.mp3", type: "audio/mpeg", bytes: 1_337 }],
  });
  expect(items[0]?.html).toContain("<p><i>[Update: The Atom draft is finished.]</i></p>");
  expect(warnings).toEqual([]);
});

test("JSON Feed 1.0 and 1.1 are read, plain text as plain text", async () => {
  const old = await read(await sample("json-feed-1.0.json"));
  expect(old.items[0]).toMatchObject({ id: "2347259", authors: ["Brent Simmons"] });
  const { about, items, warnings } = await read(await sample("json-feed-1.1.json"));
  expect(about).toMatchObject({ format: "json", title: "My Example Feed", language: "en-US" });
  expect(items[0]?.summary).toBe("This is a second item. 1 < 2 & 3");
  expect(items[1]?.html).toBe("<p>Hello, world!</p>");
  expect(items[2]).toMatchObject({
    publishedAt: "2014-05-09T21:04:00.000Z",
    attachments: [
      {
        url: "http://therecord.co/downloads/The-Record-sp1e1-ChrisParrish.m4a",
        type: "audio/x-m4a",
        bytes: 89_970_236,
      },
    ],
  });
  expect(warnings).toEqual([]);
});

const rss = (items: string, head = "<title>T</title>"): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel>${head}${items}</channel></rss>`;
const broken = "The feed is broken; what could be read of it is here.";
const torn = "The feed ends in the middle; only what came before is here.";

test("one broken entry leaves the others", async () => {
  const { items, warnings } = await read(
    rss(`<item><title>One<link>https://example.org/1</link><guid>1</guid></item>
      <item><title>Two &nbsp;&amp; more</title><description>a <b>bold<br> text</description><guid>2</guid></item>
      <item><unknown><title>hidden</title><guid>x</guid></item>
      <item><title>Three & four < five</title><guid isPermaLink=false>3</guid>`),
  );
  expect(items.map(({ id, title, url }) => [id, title, url])).toEqual([
    ["1", "One", "https://example.org/1"],
    ["2", "Two & more", null],
    ["3", "Three & four < five", null],
  ]);
  expect(items[1]?.summary).toBe("a bold text");
  expect(warnings).toEqual([broken]);
});

test("a feed that was cut off gives what came before", async () => {
  const whole = rss("<item><title>One</title></item><item><title>Two</title><description>long</description></item>");
  const { items, warnings } = await read(whole.slice(0, whole.indexOf("long") + 2));
  expect(items.map(({ title }) => title)).toEqual(["One", "Two"]);
  expect(warnings).toEqual([torn]);
});

test("a JSON feed that was cut off, or has commas too many, gives its whole entries", async () => {
  const text = `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1","content_text":"a]}\\"{","tags":["x"],},{"id":"2","content_text":"b"`;
  const { items, warnings } = await read(text);
  expect(items.map(({ id, summary }) => [id, summary])).toEqual([["1", 'a]}"{']]);
  expect(warnings).toEqual([broken]);
});

test("what stands before the feed is passed over", async () => {
  const { items } = await read(`\ufeff\n\nWarning: something in /x.php\n${rss("<item><title>A</title></item>")}`);
  expect(items).toHaveLength(1);
});

test("other prefixes than the usual ones are read", async () => {
  const { items } = await read(
    `<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>T</a:title><a:entry><a:id>1</a:id><a:title type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml">A <x:b>b</x:b></x:div></a:title><a:link href="one"/></a:entry></a:feed>`,
  );
  expect(items).toMatchObject([{ id: "1", title: "A b", url: "https://example.org/one" }]);
});

test("relative addresses start at the base the feed names, and only addresses of the web stay", async () => {
  const { items } = await read(
    `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://other.example/blog/"><title>T</title>
     <entry><id>1</id><title>A</title><link href="a"/></entry>
     <entry xml:base="sub/"><id>2</id><title>B</title><link href="b"/></entry>
     <entry><id>3</id><title>C</title><link href="javascript:alert(1)"/></entry></feed>`,
  );
  expect(items.map(({ url }) => url)).toEqual([
    "https://other.example/blog/a",
    "https://other.example/blog/sub/b",
    null,
  ]);
});

test("text that is no markup stays text in Atom, scripts never come along", async () => {
  const { items } = await read(
    `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id><title type="text">Use &lt;b> &amp;amp; win</title>
     <content type="html"><![CDATA[<p onclick="x()">A<script>alert(1)</script></p>]]></content></entry></feed>`,
  );
  expect(items[0]).toMatchObject({ title: "Use <b> &amp; win", html: "<p>A</p>" });
});

test("videos and podcasts of the media module are files of their entry", async () => {
  const { items } = await read(
    `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><title>T</title><entry><id>1</id><title>A</title>
     <media:group><media:title>A</media:title><media:content url="https://example.org/v.mp4" type="video/mp4" fileSize="9"/><media:description>About it</media:description></media:group></entry></feed>`,
  );
  expect(items[0]).toMatchObject({
    summary: "About it",
    attachments: [{ url: "https://example.org/v.mp4", type: "video/mp4" }],
  });
});

test("entries that share an id are told apart, the same entry twice is one", async () => {
  const entries = [1, 2, 2].map((n) => `<item><guid>same</guid><link>https://example.org/${n}</link></item>`);
  const { items } = await read(rss(entries.join("")));
  expect(items.map(({ url }) => url)).toEqual(["https://example.org/1", "https://example.org/2"]);
  expect(new Set(items.map(({ id }) => id)).size).toBe(2);
});

test.each([
  ["a wrong header", Buffer.from(rss("<item><title>caf\u00e9</title></item>")), "text/xml; charset=utf-16", []],
  [
    "Latin-1 that calls itself UTF-8",
    Buffer.from(rss("<item><title>caf\u00e9</title></item>"), "latin1"),
    "text/xml; charset=utf-8",
    ["The feed names a wrong encoding; it was read as windows-1252."],
  ],
  ["UTF-16", Buffer.from(`\ufeff${rss("<item><title>caf\u00e9</title></item>")}`, "utf16le"), "text/xml", []],
])("%s is read", async (_, bytes, contentType, expected) => {
  const { items, warnings } = await read(bytes, contentType);
  expect(items[0]?.title).toBe("café");
  if (expected.length > 0) expect(warnings).toEqual(expected);
});

test.each([
  ["a page", "<!doctype html><html><head><title>x</title></head><body><p>rss</p></body></html>", /web page/],
  ["nothing", "", /no feed/],
  ["other XML", '<?xml version="1.0"?><svg></svg>', /no feed/],
  ["other JSON", '{"a":1}', /no feed/],
  ["broken JSON", '{"a', /no feed/],
  ["a feed of nothing", "<rss/>", /no feed/],
])("%s is no feed, and what to do is said", async (_, text, message) => {
  const failure = await read(text).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(GatewayError);
  expect(failure).toMatchObject({
    gatewayCode: "reply_invalid",
    message: expect.stringMatching(message) as string,
    hint: "Use discover to find the feeds of a page.",
  });
});

const bomb = `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "${"x".repeat(50)}">${Array.from(
  { length: 30 },
  (__, n) => `<!ENTITY a${n} "${`&a${n === 0 ? "" : n - 1};`.repeat(20)}">`,
).join("")}<!ENTITY file SYSTEM "file:///etc/passwd">]>`;

test("entities of a feed are never expanded, files never read", async () => {
  const { items, warnings } = await read(
    `${bomb}${rss("<item><title>&a29;</title><description>&file;</description></item>").slice(21)}`,
  );
  expect(items[0]).toMatchObject({ title: "&a29;", summary: "&file;" });
  expect(warnings).toEqual(["The feed declares entities of its own; they were left out."]);
});

test.each([
  ["nested elements", `<rss version="2.0"><channel>${"<item>".repeat(330_000)}`],
  ["nested unknown elements", `<rss version="2.0"><channel><item>${"<a>".repeat(650_000)}`],
  ["unclosed titles", `<rss version="2.0"><channel><item>${"<title>".repeat(280_000)}`],
  ["unclosed CDATA", `<rss version="2.0"><channel><item>${"<title><![CDATA[".repeat(125_000)}`],
  ["unclosed comments", `<rss version="2.0"><channel>${"<!--".repeat(500_000)}`],
  ["brackets of a name", rss(`<item><author>${"(".repeat(2_000_000)}</author></item>`)],
  ["many names", rss(`<item>${`<author>${"(".repeat(300)}</author>`.repeat(6_000)}</item>`)],
  ["unclosed quotes", `<rss version="2.0"><channel><link href="${'a="'.repeat(650_000)}`],
  ["ends without a beginning", `<rss version="2.0"><channel>${"</b></item>".repeat(180_000)}`],
  ["ampersands", rss(`<item><title>${"&".repeat(2_000_000)}</title></item>`)],
  ["tags in a text", rss(`<item><description>${"<b>".repeat(650_000)}</description></item>`)],
  ["escaped tags in a text", rss(`<item><description>${"&lt;b&gt;".repeat(220_000)}</description></item>`)],
  ["entries", rss("<item><title>x</title></item>".repeat(70_000))],
  ["attributes", `<rss ${'a="b" '.repeat(300_000)}><channel></channel></rss>`],
  ["nested JSON", `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":${"[".repeat(2_000_000)}`],
  ["JSON of quotes", `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[${'"'.repeat(2_000_000)}`],
  ["JSON of commas", `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[${", ".repeat(1_000_000)}`],
])("2 MB of %s are read or refused in bounded time and size", async (_, text) => {
  const started = performance.now();
  const found = await read(text).catch((error: unknown) => error);
  expect(performance.now() - started).toBeLessThan(15_000); // what grows with the square takes hours
  if (found instanceof Error) expect(found).toBeInstanceOf(GatewayError);
  else {
    expect((found as Read).items.length).toBeLessThanOrEqual(1_000);
    expect(JSON.stringify(found).length).toBeLessThan(8_000_000);
  }
});

test("a feed of very many entries gives the first thousand and says so", async () => {
  const { items, warnings } = await read(
    rss(Array.from({ length: 1_200 }, (__, n) => `<item><guid>${n}</guid></item>`).join("")),
  );
  expect(items).toHaveLength(1_000);
  expect(warnings).toEqual([
    "The feed is very long; only its first entries, or the beginning of a long text, are here.",
  ]);
});

const pieces = fc.array(
  fc.oneof(
    fc.constantFrom(
      "<rss version='2.0'>",
      "<channel>",
      "</channel>",
      "<item>",
      "</item>",
      "<feed xmlns='http://www.w3.org/2005/Atom'>",
      "<entry>",
      "</entry>",
      "<rdf:RDF>",
      "<title>",
      "</title>",
      "<title type='xhtml'>",
      "<link href='x'/>",
      "<link>",
      "<content:encoded>",
      "<![CDATA[",
      "]]>",
      "<!--",
      "-->",
      "<?",
      "&lt;",
      "&",
      "<",
      ">",
      '"',
      "{",
      '"items":[',
      "<author>",
      "<enclosure url='a' length='-1'/>",
      "__proto__",
      "\u0000",
    ),
    fc.string({ maxLength: 20 }),
  ),
  { maxLength: 60 },
);

test("whatever comes is a feed or is refused as none", async () => {
  await fc.assert(
    fc.asyncProperty(
      pieces,
      fc.constantFrom("", '<rss version="2.0"><channel>', "<feed>", '{"title":"x","items":['),
      async (parts, start) => {
        const found = await read(start + parts.join("")).catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toBeInstanceOf(GatewayError);
        else expect((found as Read).items.length).toBeLessThanOrEqual(1_000);
      },
    ),
    { numRuns: 300 },
  );
});

test("titles of any text come back as they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), async (title) => {
      const plain = title
        .replace(/\p{Cc}/gu, "")
        .replace(/\s+/g, " ")
        .trim();
      const escaped = plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      const { items } = await read(
        `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>${escaped}</title></entry></feed>`,
      );
      expect(items[0]?.title).toBe(plain);
    }),
    { numRuns: 200 },
  );
});
