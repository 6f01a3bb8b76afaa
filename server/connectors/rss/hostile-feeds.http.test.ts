import { mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startHttp, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { createRss } from "./rss.ts";
import { openRssStore } from "./testing/open-rss-store.ts";

const good = `<rss version="2.0"><channel><title>T</title><item><guid>1</guid><title>One</title></item></channel></rss>`;

let folder: string;
let server: StartedServer;
let store: Awaited<ReturnType<typeof openRssStore>>;
let scene: TestGateway;
let sent: number;
let answers: Record<string, (response: ServerResponse) => void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-rss-"));
  store = await openRssStore(folder);
  sent = 0;
  answers = {};
  server = await startHttp((request, response) => {
    const answer = answers[request.url ?? ""];
    if (answer) answer(response);
    else response.end(good);
  });
  scene = await createTestGateway({
    connectors: [createRss(store)],
    configs: { rss: { maxFeedBytes: 1_000_000, restMinutes: 0 } },
    insides: [`127.0.0.1:${server.port}`],
  });
});

afterEach(async () => {
  await scene.end();
  await store.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`;

/** Entries without an end, as fast as they are taken. */
function endless(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/rss+xml" });
  response.write('<rss version="2.0"><channel>');
  const more = (): void => {
    while (!response.destroyed) {
      sent += 32_000;
      if (!response.write("<item><title>again</title></item>".repeat(1_000))) break;
    }
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

function bomb(response: ServerResponse): void {
  const body = gzipSync(Buffer.from(good + " ".repeat(50_000_000)));
  response.writeHead(200, { "content-type": "application/rss+xml", "content-encoding": "gzip" }).end(body);
}

test("a feed without an end is cut off soon", async () => {
  answers["/feed"] = endless;
  expect(await scene.refused("rss", "fetch-feed", { url: at("/feed") })).toMatchObject({ gatewayCode: "too_large" });
  expect(sent).toBeLessThan(20_000_000);
  await expect.poll(() => server.open()).toBe(0);
});

test("a feed that is packed small is counted unpacked", async () => {
  answers["/feed"] = bomb;
  expect(await scene.refused("rss", "fetch-feed", { url: at("/feed") })).toMatchObject({ gatewayCode: "too_large" });
});

test("followed feeds that turn hostile are named, and the others are read", async () => {
  for (const path of ["/a", "/b", "/c", "/d"]) await scene.call("rss", "subscribe", { url: at(path), from: "all" });
  answers = {
    "/a": endless,
    "/b": bomb,
    "/c": (response) => response.destroy(),
  };
  const { output, path } = await scene.call("rss", "list-new", {});
  expect(output).toMatchObject({
    items: [{ title: "One" }],
    feeds: [{ outcome: "failed" }, { outcome: "failed" }, { outcome: "failed" }, { outcome: "new" }],
  });
  expect(path.filter(({ code }) => code === "feed_failed")).toHaveLength(3);
});
