import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  browserProcessEndpoints,
  browserSettingsSchema,
  type BrowserState,
} from "../../../contract/internal/browser.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createGate } from "../../../lib/gate.ts";
import { bind, createHttpService, type HttpService } from "../../../lib/http-service.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createRevision } from "../../../lib/revision.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

/** A PNG of one pixel. */
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const tabId = "A1B2C3D4E5F60718";

let panel: TestApp;
let browser: HttpService;
let state: BrowserState;
let picture = png;
const revision = createRevision();

beforeEach(async () => {
  picture = png;
  state = {
    status: "online",
    reason: null,
    hint: null,
    version: "Chrome/156.0.0.0",
    executable: "/usr/bin/chromium",
    pid: 4711,
    isHeadless: true,
    isAdopted: false,
    startedAt: "2026-03-01T12:00:00.000Z",
    restarts: 0,
    lastRestart: null,
    nextTryAt: null,
    health: null,
    install: null,
    settings: browserSettingsSchema.parse({}),
  };
  panel = await startTestApp();
  browser = createFakeBrowser(panel);
  await browser.start();
});

afterEach(async () => {
  await browser.stop();
  await panel.end();
});

function change(next: Partial<BrowserState>): BrowserState {
  state = { ...state, ...next };
  revision.bump();
  return state;
}

/** portos-browser without a Chrome: the real listener, gate and contract, made-up answers. */
function createFakeBrowser({ env }: TestApp): HttpService {
  const tab = { id: tabId, title: "Hello", url: "http://localhost/" };
  return createHttpService({
    name: "portos-browser",
    host: "127.0.0.1",
    port: env.ports.browserHealth,
    gate: createGate({ peers: "loopback", ports: [env.ports.browserHealth], env, logger: silentLogger }),
    logger: silentLogger,
    endpoints: bind(
      "browserProcess",
      browserProcessEndpoints,
    )({
      changes: async ({ query }, { signal }) => {
        await revision.wait(query.after, query.waitMs, signal);
        return { revision: revision.current(), state };
      },
      saveSettings: ({ body }) => change({ settings: body }),
      start: () => change({ status: "online" }),
      stop: () => change({ status: "stopped" }),
      restart: () => change({ status: "online", restarts: 1 }),
      tabs: () => [tab],
      openTab: ({ body }) => ({ ...tab, url: body.url }),
      activateTab: () => null,
      closeTab: () => null,
      text: () => ({ title: tab.title, url: tab.url, text: "Hello", isCut: false }),
      capture: ({ params }) => {
        if (params.id !== tabId) throw new AppError("not_found", "That tab is not open any more");
        return { title: tab.title, url: tab.url, width: 1, height: 1, png: picture };
      },
    }),
  });
}

const params = { id: tabId };

describe("state", () => {
  test("is followed live, and the last one stays in sight with its age when the process is gone", async () => {
    const socket = await panel.connect();
    await socket.emit("browser:subscribe", {});
    await expect
      .poll(() => panel.call("browser.view", {}))
      .toMatchObject({ isProcessUp: true, state: { status: "online", version: "Chrome/156.0.0.0" } });
    const stopped = socket.next("browser:event", (payload) => JSON.stringify(payload).includes('"stopped"'));
    expect(await panel.call("browser.stop", {})).toMatchObject({ status: "stopped" });
    await stopped;
    await browser.stop();
    await expect
      .poll(() => panel.call("browser.view", {}))
      .toMatchObject({ isProcessUp: false, state: { status: "stopped" }, asOf: expect.stringMatching(/Z$/) as string });
    await expect(panel.call("browser.start", {})).rejects.toMatchObject({ status: 503 });
  });

  test("settings that could open the machine are refused before they reach the process", async () => {
    const body = { extraFlags: ["--remote-debugging-address=0.0.0.0"] };
    await expect(panel.call("browser.saveSettings", { body })).rejects.toMatchObject({ status: 400 });
    expect(await panel.call("browser.saveSettings", { body: { isHeadless: false } })).toMatchObject({
      settings: { isHeadless: false, isEnabled: true },
    });
  });

  test.each(["file:///etc/passwd", "chrome://settings", "javascript:alert(1)", "about:blank"])(
    "%s is not opened",
    async (url) => {
      await expect(panel.call("browser.openTab", { body: { url } })).rejects.toMatchObject({ status: 400 });
    },
  );
});

describe("screenshots", () => {
  test("one is taken, listed, shown safely, deleted and brought back", async () => {
    const taken = await panel.call("browser.takeScreenshot", { params });
    expect(taken).toMatchObject({ title: "Hello", width: 1, height: 1, bytes: Buffer.from(png, "base64").length });
    const { items, next } = await panel.call("browser.screenshots", { query: {} });
    expect([items, next]).toEqual([[taken], null]);

    const image = await fetch(`${panel.base}/api/browser/screenshots/${taken.id}/image`);
    expect(Buffer.from(await image.arrayBuffer()).toString("base64")).toBe(png);
    expect(image.headers.get("content-type")).toBe("image/png");
    expect(image.headers.get("x-content-type-options")).toBe("nosniff");
    expect(image.headers.get("content-security-policy")).toContain("sandbox");
    const download = await fetch(`${panel.base}/api/browser/screenshots/${taken.id}/image?download=1`);
    expect(download.headers.get("content-disposition")).toBe(`attachment; filename="screenshot-${taken.id}.png"`);

    await panel.call("browser.deleteScreenshot", { params: { id: taken.id } });
    expect((await panel.call("browser.screenshots", { query: {} })).items).toEqual([]);
    expect((await fetch(`${panel.base}/api/browser/screenshots/${taken.id}/image`)).status).toBe(404);
    expect(await panel.call("browser.restoreScreenshot", { params: { id: taken.id } })).toEqual(taken);
    expect((await panel.call("browser.screenshots", { query: {} })).items).toEqual([taken]);
  });

  test("pages go from new to old without a gap", async () => {
    const taken: string[] = [];
    for (let index = 0; index < 5; index += 1)
      taken.unshift((await panel.call("browser.takeScreenshot", { params })).id);
    const first = await panel.call("browser.screenshots", { query: { limit: 2 } });
    expect(first.next).toBe(first.items[1]?.id);
    const second = await panel.call("browser.screenshots", { query: { limit: 3, before: first.next ?? "" } });
    const seen = [...first.items, ...second.items].map(({ id }) => id);
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(new Set(taken));
    expect(second.next).toBeNull();
  });

  test("something that is no picture is not kept", async () => {
    picture = Buffer.from("<svg onload=alert(1)>").toString("base64");
    await expect(panel.call("browser.takeScreenshot", { params })).rejects.toMatchObject({ status: 502 });
    expect((await panel.call("browser.screenshots", { query: {} })).items).toEqual([]);
  });

  test("a link put in place of a picture is not followed, a path is no id", async () => {
    const { id } = await panel.call("browser.takeScreenshot", { params });
    const folder = join(panel.env.dataDir, "screenshots");
    const other = id.replace(/[a-f0-9]{6}$/, "abcdef");
    await writeFile(join(folder, `${other}.json`), JSON.stringify({ id: other }));
    await symlink("/etc/hostname", join(folder, `${other}.png`));
    expect((await fetch(`${panel.base}/api/browser/screenshots/${other}/image`)).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(`${panel.base}/api/browser/screenshots/..%2F..%2Fapps/image`)).status).toBe(400);
    expect((await panel.call("browser.screenshots", { query: {} })).items.map((item) => item.id)).toEqual([id]);
    expect((await readdir(folder)).length).toBe(4);
  });

  test("a tab that is gone says so", async () => {
    await expect(panel.call("browser.takeScreenshot", { params: { id: "FFFFFFFFFFFF" } })).rejects.toMatchObject({
      status: 404,
    });
  });
});
