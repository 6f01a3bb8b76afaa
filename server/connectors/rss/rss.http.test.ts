import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { startSite, type SitePage, type WebSite } from "../reading/testing/web-site.ts";
import { createRss } from "./rss.ts";
import { openRssStore } from "./testing/open-rss-store.ts";

interface Listed {
  items: { id: string; title: string; feedTitle: string; url: string | null; html: string | null }[];
  feeds: { id: string; url: string; outcome: string; newItems: number; problem: string | null; warnings: string[] }[];
  hasMore: boolean;
}

let folder: string;
let site: WebSite;
let store: Awaited<ReturnType<typeof openRssStore>>;
let scene: TestGateway;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-rss-"));
  site = await startSite({});
  await open();
});

afterEach(async () => {
  await scene.end();
  await store.close();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(config: Record<string, unknown> = { restMinutes: 0 }): Promise<void> {
  store = await openRssStore(folder);
  scene = await createTestGateway({
    connectors: [createRss(store)],
    configs: { rss: config },
    insides: [new URL(site.origin).host],
  });
}

async function restart(config?: Record<string, unknown>): Promise<void> {
  await scene.end();
  await store.close();
  await open(config);
}

const rss = (...guids: (string | number)[]): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${guids
    .map((guid) => `<item><guid isPermaLink="false">${guid}</guid><title>Entry ${guid}</title></item>`)
    .join("")}</channel></rss>`;
const xml = (body: string, headers: Record<string, string> = {}): SitePage => ({
  body,
  headers: { "content-type": "application/rss+xml", ...headers },
});

async function run<T = Record<string, unknown>>(operation: string, params: Record<string, unknown>): Promise<T> {
  const { output } = await scene.call("rss", operation, params);
  return output as T;
}
const listNew = (params: Record<string, unknown> = {}): Promise<Listed> => run<Listed>("list-new", params);
const feedAt = (path: string): string => `${site.origin}${path}`;
const follow = (path: string, more: Record<string, unknown> = {}) =>
  run<{ id: string; isNew: boolean; title: string; items: number; url: string }>("subscribe", {
    url: feedAt(path),
    ...more,
  });
const titles = ({ items }: Listed): string[] => items.map(({ title }) => title);
const found = (path: string, more: Record<string, unknown> = {}) =>
  run<{ feeds: { url: string; title: string | null; from: string }[] }>("discover", { url: feedAt(path), ...more });

describe("fetch-feed", () => {
  test("gives entries, the whole feed's number and what to ask with the next time", async () => {
    site.pages = { "/feed": xml(rss(3, 2, 1), { etag: 'W/"a"', "last-modified": "Tue, 03 Jun 2003 09:39:21 GMT" }) };
    const reply = await scene.call("rss", "fetch-feed", { url: feedAt("/feed"), limit: 2 });
    expect(reply.output).toMatchObject({
      url: feedAt("/feed"),
      isUnchanged: false,
      feed: { format: "rss", title: "News" },
      items: [{ title: "Entry 3" }, { title: "Entry 2" }],
      totalItems: 3,
      etag: 'W/"a"',
      lastModified: "Tue, 03 Jun 2003 09:39:21 GMT",
    });
    expect(reply.trust).toBe("external");
  });

  test("an unchanged feed is not sent again", async () => {
    site.pages = {
      "/feed": ({ headers }) =>
        headers["if-none-match"] === 'W/"a"' && headers["if-modified-since"] === "then" ? { status: 304 } : xml(rss(1)),
    };
    expect(await run("fetch-feed", { url: feedAt("/feed"), etag: 'W/"a"', lastModified: "then" })).toMatchObject({
      isUnchanged: true,
      feed: null,
      items: [],
      etag: 'W/"a"',
      lastModified: "then",
    });
  });

  test("scripts are out of the whole content", async () => {
    site.pages = {
      "/feed": xml(
        `<rss version="2.0"><channel><item><description>&lt;p onclick="x()"&gt;a&lt;script&gt;x()&lt;/script&gt;&lt;a href="javascript:x()"&gt;b&lt;/a&gt;&lt;/p&gt;</description></item></channel></rss>`,
      ),
    };
    const { items } = await run<Listed>("fetch-feed", { url: feedAt("/feed"), withHtml: true });
    expect(items[0]?.html).toMatch(/^<p>a<a rel="[^"]*">b<\/a><\/p>$/);
  });

  test("a page is refused with what to do, a missing feed and one that is too large too", async () => {
    site.pages = { "/page": { body: "<!doctype html><html><body>Hello</body></html>" } };
    expect(await scene.refused("rss", "fetch-feed", { url: feedAt("/page") })).toMatchObject({
      gatewayCode: "reply_invalid",
      message: "At this address is a web page, no feed",
      hint: "Use discover to find the feeds of a page.",
    });
    expect(await scene.refused("rss", "fetch-feed", { url: feedAt("/none") })).toMatchObject({
      gatewayCode: "upstream_failed",
      message: `${site.origin} answered 404`,
    });
    scene.setConfig("rss", { maxFeedBytes: 10_000 });
    site.pages = { "/feed": xml(rss(...Array.from({ length: 1_000 }, (_, n) => n))) };
    expect(await scene.refused("rss", "fetch-feed", { url: feedAt("/feed") })).toMatchObject({
      gatewayCode: "too_large",
    });
  });

  test("redirects are followed and judged; only those for good are told as such", async () => {
    site.pages = {
      "/old": { status: 301, headers: { location: "/new" } },
      "/new": { status: 302, headers: { location: "/now" } },
      "/now": xml(rss(1)),
      "/loop": { status: 302, headers: { location: "/loop" } },
      "/inside": { status: 302, headers: { location: "http://127.0.0.1:9/feed" } },
    };
    expect(await run("fetch-feed", { url: feedAt("/old") })).toMatchObject({
      url: feedAt("/now"),
      movedTo: feedAt("/new"),
    });
    expect(await scene.refused("rss", "fetch-feed", { url: feedAt("/loop") })).toMatchObject({
      message: `${site.origin} sends from one address to the next`,
    });
    expect(await scene.refused("rss", "fetch-feed", { url: feedAt("/inside") })).toMatchObject({
      gatewayCode: "refused_by_guard",
    });
  });
});

describe("discover", () => {
  test("names the feeds in the head of a page", async () => {
    site.pages = {
      "/": {
        body: `<html><head><link rel="alternate" type="application/rss+xml" title="All" href="/feed.xml">
          <link rel="alternate" type="application/feed+json" href="feed.json"></head></html>`,
      },
    };
    expect((await found("/")).feeds).toEqual([
      { url: feedAt("/feed.xml"), title: "All", format: null, from: "head" },
      { url: feedAt("/feed.json"), title: null, format: null, from: "head" },
    ]);
    expect(site.visits).toHaveLength(1);
  });

  test("a feed is its own", async () => {
    site.pages = { "/feed": xml(rss(1)) };
    expect((await found("/feed")).feeds).toEqual([
      { url: feedAt("/feed"), title: "News", format: "rss", from: "address" },
    ]);
  });

  test("looks behind links and at the usual places, and keeps what is a feed", async () => {
    site.pages = {
      "/": { body: `<html><body><a href="/blog/rss">RSS</a><a href="/feedback">Say</a></body></html>` },
      "/blog/rss": xml(rss(1)),
      "/feed": { body: "<html>no feed</html>" },
      "/atom.xml": xml(`<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>1</id></entry></feed>`),
    };
    expect((await found("/")).feeds).toEqual([
      { url: feedAt("/blog/rss"), title: "News", format: "rss", from: "link" },
      { url: feedAt("/atom.xml"), title: "A", format: "atom", from: "usual" },
    ]);
    site.visits.length = 0;
    expect((await found("/", { tryUsual: false })).feeds).toHaveLength(1);
    expect(site.visits.map(({ path }) => path)).toEqual(["/", "/blog/rss"]);
  });
});

describe("followed feeds", () => {
  test("what is new comes once, also after a restart", async () => {
    site.pages = { "/feed": xml(rss(2, 1)) };
    const followed = await follow("/feed");
    expect(followed).toMatchObject({ isNew: true, title: "News", items: 2 });
    expect(titles(await listNew())).toEqual([]);
    site.pages = { "/feed": xml(rss(4, 3, 2, 1)) };
    const first = await listNew();
    expect(titles(first)).toEqual(["Entry 4", "Entry 3"]);
    expect(first).toMatchObject({ feeds: [{ id: followed.id, outcome: "new", newItems: 2 }], hasMore: false });
    expect(titles(await listNew())).toEqual([]);
    await restart();
    expect(titles(await listNew())).toEqual([]);
    site.pages = { "/feed": xml(rss(5, 4)) };
    expect(titles(await listNew())).toEqual(["Entry 5"]);
  });

  test("etag and time are given back as they came, over a restart too, and nothing is read then", async () => {
    const headers = { etag: 'W/"x y"', "last-modified": "Tue, 03 Jun 2003 09:39:21 GMT" };
    site.pages = {
      "/feed": ({ headers: asked }) =>
        asked["if-none-match"] === headers.etag ? { status: 304, headers } : xml(rss(1), headers),
    };
    await follow("/feed");
    await restart();
    expect((await listNew()).feeds).toMatchObject([{ outcome: "unchanged" }]);
    expect(site.visits.at(-1)?.headers).toMatchObject({
      "if-none-match": headers.etag,
      "if-modified-since": headers["last-modified"],
    });
  });

  test("what did not fit comes with the next call, although the feed has not changed", async () => {
    site.pages = {
      "/feed": ({ headers }) =>
        headers["if-none-match"] === '"1"' ? { status: 304 } : xml(rss(3, 2, 1), { etag: '"1"' }),
    };
    await follow("/feed", { from: "all" });
    const first = await listNew({ limit: 2 });
    expect([titles(first), first.hasMore]).toEqual([["Entry 3", "Entry 2"], true]);
    const second = await listNew({ limit: 2 });
    expect([titles(second), second.hasMore]).toEqual([["Entry 1"], false]);
    expect((await listNew()).feeds).toMatchObject([{ outcome: "unchanged" }]);
    expect(site.visits.at(-1)?.headers["if-none-match"]).toBe('"1"');
  });

  test("what is only looked at stays new", async () => {
    site.pages = { "/feed": xml(rss(1), { etag: '"1"' }) };
    await follow("/feed", { from: "all" });
    expect(titles(await listNew({ remember: false }))).toEqual(["Entry 1"]);
    expect(titles(await listNew())).toEqual(["Entry 1"]);
  });

  test("calls at the same time give each entry once", async () => {
    site.pages = { "/feed": xml(rss(3, 2, 1)) };
    await follow("/feed", { from: "all" });
    const replies = await Promise.all([listNew(), listNew(), listNew()]);
    expect(replies.flatMap(titles).toSorted()).toEqual(["Entry 1", "Entry 2", "Entry 3"]);
  });

  test("a call that is given up remembers nothing as given back", async () => {
    site.pages = { "/feed": xml(rss(1)) };
    await follow("/feed", { from: "all" });
    const controller = new AbortController();
    site.pages = {
      "/feed": () => {
        controller.abort();
        return xml(rss(1));
      },
    };
    await scene.refused("rss", "list-new", {}, { signal: controller.signal });
    site.pages = { "/feed": xml(rss(1)) };
    expect(titles(await listNew())).toEqual(["Entry 1"]);
  });

  test("one broken feed leaves the others, and is named with what is wrong", async () => {
    site.pages = { "/a": xml(rss(1)), "/b": xml(rss(2)), "/c": xml(rss(3)) };
    for (const path of ["/a", "/b", "/c"]) await follow(path, { from: "all", name: path });
    site.pages = { "/a": xml(rss(1).slice(0, -30)), "/b": { status: 500 }, "/c": xml(rss(3)) };
    const { items, feeds } = await listNew();
    expect(items.map(({ feedTitle, title }) => [feedTitle, title])).toEqual([
      ["/a", "Entry 1"],
      ["/c", "Entry 3"],
    ]);
    expect(feeds[0]?.warnings).toEqual(["The feed ends in the middle; only what came before is here."]);
    expect(feeds[1]).toMatchObject({ outcome: "failed", problem: expect.stringContaining("answered 500") as string });
    site.pages = { "/a": xml(rss(1)), "/b": xml(rss(2)), "/c": xml(rss(3)) };
    expect(titles(await listNew())).toEqual(["Entry 2"]);
  });

  test("a feed that moved for good is followed there, one that is gone is not asked any more", async () => {
    site.pages = { "/feed": xml(rss(1)) };
    await follow("/feed");
    site.pages = { "/feed": { status: 301, headers: { location: "/new" } }, "/new": xml(rss(2, 1)) };
    expect(titles(await listNew())).toEqual(["Entry 2"]);
    site.visits.length = 0;
    await listNew();
    expect(site.visits.map(({ path }) => path)).toEqual(["/new"]);
    site.pages = { "/new": { status: 410 } };
    expect((await listNew()).feeds).toMatchObject([{ outcome: "gone" }]);
    site.visits.length = 0;
    const { feeds } = await listNew();
    expect(feeds).toMatchObject([{ outcome: "gone", problem: expect.stringContaining("gone for good") as string }]);
    expect(site.visits).toEqual([]);
    expect(await scene.refused("rss", "subscribe", { url: feedAt("/new") })).toMatchObject({
      message: expect.stringContaining("gone for good") as string,
    });
    site.pages = { "/new": xml(rss(3, 2, 1)) };
    expect(await follow("/new")).toMatchObject({ isNew: false });
    expect(titles(await listNew())).toEqual(["Entry 3"]);
  });

  test("a feed rests as long as it asks for, at most an hour, unless it is asked early", async () => {
    await restart({ restMinutes: 5 });
    site.pages = { "/feed": xml(rss(1), { "cache-control": "public, max-age=1800" }) };
    await follow("/feed", { from: "all" });
    expect(titles(await listNew())).toEqual(["Entry 1"]);
    site.pages = { "/feed": xml(rss(2, 1), { "cache-control": "max-age=864000" }) };
    scene.clock.advance(29 * 60_000);
    expect((await listNew()).feeds).toMatchObject([{ outcome: "waits" }]);
    expect(titles(await listNew({ isEarly: true }))).toEqual(["Entry 2"]);
    scene.clock.advance(61 * 60_000);
    expect((await listNew()).feeds).toMatchObject([{ outcome: "unchanged" }]);
  });

  test("who asks for fewer calls is left alone, even by those in a hurry", async () => {
    site.pages = { "/feed": xml(rss(1)) };
    await follow("/feed", { from: "all" });
    site.pages = { "/feed": { status: 429, headers: { "retry-after": "7200" } } };
    expect((await listNew()).feeds).toMatchObject([{ outcome: "failed" }]);
    site.visits.length = 0;
    scene.clock.advance(3_600_000);
    expect((await listNew({ isEarly: true })).feeds).toMatchObject([
      { outcome: "waits", problem: expect.stringContaining("429") as string },
    ]);
    expect(site.visits).toEqual([]);
    site.pages = { "/feed": xml(rss(1)) };
    scene.clock.advance(3_700_000);
    expect(titles(await listNew())).toEqual(["Entry 1"]);
  });

  test("following twice is following once; a name may be given later", async () => {
    site.pages = { "/feed": xml(rss(1)) };
    const { id } = await follow("/feed");
    site.visits.length = 0;
    expect(await follow("/feed", { name: "Mine" })).toMatchObject({ id, isNew: false, title: "Mine" });
    expect(site.visits).toEqual([]);
    const both = await Promise.all([follow("/feed?2"), follow("/feed?2")]);
    expect(both.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(store.get().subscriptions).toHaveLength(2);
  });

  test("what is no feed is not followed, nor one that says nothing", async () => {
    site.pages = { "/feed": { status: 304 } };
    expect(await scene.refused("rss", "subscribe", { url: feedAt("/feed") })).toMatchObject({
      message: `${site.origin} answered 304`,
    });
    site.pages = { "/page": { body: "<html></html>" } };
    expect(await scene.refused("rss", "subscribe", { url: feedAt("/page") })).toMatchObject({
      gatewayCode: "reply_invalid",
    });
    expect(store.get().subscriptions).toEqual([]);
  });

  test("unsubscribing forgets, by id or address, and asks nobody", async () => {
    site.pages = { "/a": xml(rss(1)), "/b": xml(rss(1)) };
    const { id } = await follow("/a");
    await follow("/b");
    site.visits.length = 0;
    expect(await run("unsubscribe", { feed: id })).toEqual({ isRemoved: true, title: "News", followed: 1 });
    expect(await run("unsubscribe", { feed: feedAt("/b") })).toMatchObject({ isRemoved: true, followed: 0 });
    expect(await run("unsubscribe", { feed: id })).toEqual({ isRemoved: false, title: null, followed: 0 });
    expect(site.visits).toEqual([]);
    expect(await scene.refused("rss", "list-new", { feed: id })).toMatchObject({
      gatewayCode: "invalid_params",
      message: `${id} is not followed`,
    });
    expect(JSON.parse(await readFile(join(folder, "feeds.json"), "utf8"))).toMatchObject({
      data: { subscriptions: [] },
    });
  });

  test("a planning caller follows nothing, and nothing leaves while it is off", async () => {
    site.pages = { "/feed": xml(rss(1)) };
    const url = feedAt("/feed");
    expect(await scene.refused("rss", "subscribe", { url }, { phase: "planning" })).toMatchObject({
      gatewayCode: "planning_phase",
    });
    scene.setEnabled("rss", false);
    expect(await scene.refused("rss", "fetch-feed", { url })).toMatchObject({ gatewayCode: "disabled" });
    expect(site.visits).toEqual([]);
  });
});
