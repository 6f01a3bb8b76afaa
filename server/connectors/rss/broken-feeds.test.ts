import * as fc from "fast-check";
import { expect, test } from "vitest";

import { GatewayError } from "../framework/gateway-error.ts";
import { read, rss, sample, type Read } from "./testing/read-source.ts";

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

test("a feed that is cut off anywhere gives the entries before that, and perhaps a part of the next", async () => {
  const names = ["rss-0.91.xml", "rss-0.92.xml", "rss-1.0.xml", "rss-2.0.xml", "atom-1.0.xml", "json-feed-1.1.json"];
  const wholes = await Promise.all(
    names.map(async (name) => ({ bytes: await sample(name), ...(await read(await sample(name))) })),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...wholes), fc.double({ min: 0, max: 1, noNaN: true }), async (whole, part) => {
      const found = await read(whole.bytes.subarray(0, Math.floor(whole.bytes.length * part))).catch(
        (error: unknown) => error,
      );
      if (found instanceof Error) {
        expect(found).toMatchObject({ gatewayCode: "reply_invalid" });
        return;
      }
      const ids = (found as Read).items.map(({ id }) => id);
      const before = whole.items.map(({ id }) => id);
      expect(ids.length).toBeLessThanOrEqual(before.length);
      expect(ids.slice(0, -1)).toEqual(before.slice(0, Math.max(0, ids.length - 1)));
    }),
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
