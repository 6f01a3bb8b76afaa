import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";

import { createCdpHttp } from "../lib/chrome/cdp-http.ts";
import { createUserTabs } from "./user-tabs.ts";

interface Page {
  id: string;
  context: string;
  type?: string;
}

/** As much of Chrome as lists its pages, on both of its ways. */
const chrome = {
  pages: [] as Page[],
  contexts: [] as string[],
  hangs: false,
  connections: 0,
  /** Called when its pages were told over the socket. */
  onTold: () => undefined as void,
};

let http: Server;
let sockets: WebSocketServer;

beforeEach(async () => {
  Object.assign(chrome, { pages: [], contexts: [], hangs: false, connections: 0, onTold: () => undefined });
  http = createServer(({ url }, response) => {
    const pages = chrome.pages.map(({ id, type = "page" }) => ({ id, type, title: id, url: `https://${id}.example/` }));
    const version = { Browser: "Chrome/1", webSocketDebuggerUrl: "ws://localhost/devtools/browser/1" };
    response.end(JSON.stringify(url === "/json/list" ? pages : version));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    chrome.connections += 1;
    socket.on("message", (data: Buffer) => {
      if (chrome.hangs) return;
      const { id, method } = JSON.parse(data.toString()) as { id: number; method: string };
      const isTargets = method === "Target.getTargets";
      const targetInfos = chrome.pages.map((page) => ({
        targetId: page.id,
        type: "page",
        browserContextId: page.context,
      }));
      socket.send(JSON.stringify({ id, result: isTargets ? { targetInfos } : { browserContextIds: chrome.contexts } }));
      if (isTargets) chrome.onTold();
    });
  });
});
afterEach(async () => {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

function userTabs(probes: string[] = []) {
  const { port } = http.address() as AddressInfo;
  return createUserTabs(createCdpHttp({ host: "127.0.0.1", port }), { probePages: new Set(probes) });
}
const ids = (tabs: { id: string }[]): string[] => tabs.map(({ id }) => id);

test("pages of the user are listed in the order of Chrome, those of calls and of ours are not, with one connection", async () => {
  chrome.contexts = ["call"];
  chrome.pages = [
    { id: "two", context: "user" },
    { id: "apart", context: "call" },
    { id: "one", context: "user" },
    { id: "probe", context: "user" },
    { id: "worker", context: "user", type: "worker" },
  ];
  expect(ids(await userTabs(["probe"]).list())).toEqual(["two", "one"]);
  expect(chrome.connections).toBe(1);
});

test("a page of a call that ends or begins meanwhile is never taken for one of the user's", async () => {
  const own = { id: "own", context: "user" };
  chrome.contexts = ["call"];
  chrome.pages = [own, { id: "apart", context: "call" }];
  chrome.onTold = () => {
    chrome.contexts = [];
  };
  expect(ids(await userTabs().sure())).toEqual(["own"]);
  chrome.pages = [own];
  chrome.onTold = () => {
    chrome.contexts = ["next"];
    chrome.pages = [own, { id: "new", context: "next" }];
  };
  expect(ids(await userTabs().sure())).toEqual(["own"]);
});

test("a Chrome that hangs on its socket lists its pages all the same, but nothing is read from them", async () => {
  chrome.contexts = ["call"];
  chrome.pages = [
    { id: "own", context: "user" },
    { id: "apart", context: "call" },
  ];
  const tabs = userTabs();
  await tabs.list();
  chrome.hangs = true;
  expect(ids(await tabs.list())).toEqual(["own"]);
  await expect(tabs.sure()).rejects.toMatchObject({ code: "timeout" });
});
