import { expect, test } from "vitest";

import { read, sample } from "./testing/read-source.ts";

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
