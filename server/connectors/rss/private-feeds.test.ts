import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { redact } from "../../../lib/redact.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import type { RssBook, Subscription } from "./rss-book.ts";
import { openRssStore } from "./testing/open-rss-store.ts";

const newFolder = useTemporaryFolders();
const privateUrl = "https://feeds.example/mine.xml?user=7&token=a1b2c3d4e5f6&page=2";

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
});

const onDisk = (): Promise<string> => readFile(join(folder, "feeds.json"), "utf8");

function feed(id: string, url: string): Subscription {
  return {
    id,
    url,
    name: null,
    title: "Mine",
    subscribedAt: "2026-05-04T00:00:00.000Z",
    etag: null,
    lastModified: null,
    checkedAt: null,
    problem: null,
    waitsUntil: null,
    isGone: false,
    seen: [],
  };
}

const follow =
  (...feeds: Subscription[]) =>
  ({ subscriptions }: RssBook) => ({ next: { subscriptions: [...subscriptions, ...feeds] }, result: feeds.length });

async function urls(): Promise<string[]> {
  const store = await openRssStore(folder);
  const found = store.get().subscriptions.map(({ url }) => url);
  await store.close();
  return found;
}

test("the key in an address is sealed on disk, whole for who asks the feed, and out of every log", async () => {
  const store = await openRssStore(folder);
  const open = "https://open.example/feed?token=new&code=news";
  expect(await store.update(follow(feed("a", privateUrl), feed("b", open)))).toBe(2);
  expect(store.get().subscriptions.map(({ url }) => url)).toEqual([privateUrl, open]);
  await store.close();
  const text = await onDisk();
  expect(text).not.toContain("a1b2c3d4e5f6");
  expect(text).toContain("user=7&token=sealed&page=2");
  expect(text).toContain(open); // what short words say is no secret
  expect(await urls()).toEqual([privateUrl, open]);
  expect(redact(`It asked ${privateUrl}`)).not.toContain("a1b2c3d4e5f6");
});

test("the seal stays the same while the key does, and a new key gets another", async () => {
  const store = await openRssStore(folder);
  await store.update(follow(feed("a", privateUrl)));
  const before = await onDisk();
  await store.update((book) => ({ next: { subscriptions: [...book.subscriptions] }, result: null }));
  expect(await onDisk()).toBe(before);
  const other = privateUrl.replace("a1b2c3d4e5f6", "zz11yy22xx33");
  await store.update(() => ({ next: { subscriptions: [feed("a", other)] }, result: null }));
  expect(await onDisk()).not.toBe(before);
  await store.close();
  expect(await urls()).toEqual([other]);
});

test("a key that was written plainly is sealed at the start, and everything else of the file stays", async () => {
  const plain = { ...feed("a", privateUrl), seen: ["x"] };
  await writeFile(join(folder, "feeds.json"), JSON.stringify({ version: 1, data: { subscriptions: [plain] } }));
  const store = await openRssStore(folder);
  expect(store.get().subscriptions).toEqual([plain]);
  await store.close();
  expect(await onDisk()).not.toContain("a1b2c3d4e5f6");
});

test("what fails changes nothing, and changes that come at once are all made", async () => {
  const store = await openRssStore(folder);
  const failing = store.update(() => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await Promise.all(Array.from({ length: 20 }, (_, at) => store.update(follow(feed(`f${at}`, `${privateUrl}${at}`)))));
  await store.close();
  expect(await urls()).toHaveLength(20);
});

test("a key that cannot be opened is kept as it is until it can", async () => {
  const first = await openRssStore(folder);
  await first.update(follow(feed("a", privateUrl)));
  await first.close();
  const keyFile = join(folder, "config", "key");
  const key = await readFile(keyFile, "utf8");
  await rm(keyFile);
  const second = await openRssStore(folder);
  expect(second.get().subscriptions[0]?.url).toContain("token=sealed");
  await second.update((book) => ({
    next: { subscriptions: book.subscriptions.map((one) => ({ ...one, title: "Still mine" })) },
    result: null,
  }));
  await second.close();
  await writeFile(keyFile, key);
  const third = await openRssStore(folder);
  expect(third.get().subscriptions).toMatchObject([{ url: privateUrl, title: "Still mine" }]);
  await third.close();
});
