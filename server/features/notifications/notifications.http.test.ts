import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.end());

const center = () => app.app.core.notifications;

interface Subscribed {
  cursor: string;
  snapshot?: { title: string }[];
  events: { kind: string }[];
  skipped: number | null;
}

describe("notifications", () => {
  test("the same key replaces and counts, a settled one is gone", async () => {
    await center().notify({ level: "error", title: "blog crashed", key: "crash:blog", needsYou: true });
    await center().notify({ level: "error", title: "blog crashed again", key: "crash:blog", needsYou: true });
    const [first, ...rest] = await app.call("notifications.list", {});
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ title: "blog crashed again", count: 2, isRead: false });
    await center().settle("crash:blog");
    expect(await app.call("notifications.list", {})).toEqual([]);
  });

  test("dismiss can be undone, clear keeps what needs the user", async () => {
    const one = await center().notify({ level: "info", title: "one" });
    await center().notify({ level: "warning", title: "two", needsYou: true });
    await app.call("notifications.dismiss", { params: { id: one.id } });
    await app.call("notifications.restore", { params: { id: one.id } });
    expect(await app.call("notifications.list", {})).toHaveLength(2);
    expect(await app.call("notifications.clear", {})).toEqual({ dismissed: 1 });
    expect((await app.call("notifications.list", {})).map(({ title }) => title)).toEqual(["two"]);
    await expect(app.call("notifications.dismiss", { params: { id: "nope" } })).rejects.toMatchObject({ status: 404 });
  });

  test("a client that comes back gets exactly what it missed, once", async () => {
    const watcher = await app.connect();
    const first = (await watcher.emit("notifications:subscribe", {})) as { ok: true; data: Subscribed };
    expect(first.data).toMatchObject({ snapshot: [], events: [], skipped: 0 });
    watcher.socket.disconnect();
    for (const title of ["a", "b", "c"]) await center().notify({ level: "info", title });

    const again = await app.connect();
    const resumed = (await again.emit("notifications:subscribe", { after: first.data.cursor })) as {
      ok: true;
      data: Subscribed;
    };
    expect(resumed.data.snapshot).toBeUndefined();
    expect(resumed.data.events).toHaveLength(3);
    const next = again.next("notifications:event");
    await center().notify({ level: "info", title: "d" });
    expect(await next).toMatchObject({ event: { kind: "put", notification: { title: "d" } } });
  });

  test("a cursor of an earlier server gets a snapshot and is told that the gap is unknown", async () => {
    const watcher = await app.connect();
    const answer = (await watcher.emit("notifications:subscribe", { after: "abcdef:7" })) as {
      ok: true;
      data: Subscribed;
    };
    expect(answer.data).toMatchObject({ snapshot: [], skipped: null });
  });

  test("a malformed payload is refused by its field", async () => {
    const watcher = await app.connect();
    expect(await watcher.emit("notifications:subscribe", { after: "x" })).toMatchObject({
      ok: false,
      error: { code: "invalid_request", issues: [{ path: "after" }] },
    });
  });
});
