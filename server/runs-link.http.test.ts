import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";

import { silentLogger } from "../lib/logger.ts";
import { createRunsLink, type RunsLink } from "./runs-link.ts";

const one = "run-watched000001";
const other = "run-watched000002";

let http: Server;
let sockets: WebSocketServer;
let link: RunsLink;
/** What each connection was asked for, in order. */
let asked: string[][];
let connections: WebSocket[];

beforeEach(async () => {
  asked = [];
  connections = [];
  http = createServer();
  sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    const said: string[] = [];
    asked.push(said);
    connections.push(socket);
    socket.on("message", (data: Buffer) => {
      const { kind, id } = JSON.parse(data.toString("utf8")) as { kind: string; id?: string };
      said.push(id === undefined ? kind : `${kind} ${id}`);
    });
  });
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve);
  });
  link = createRunsLink({ url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, logger: silentLogger });
});

afterEach(async () => {
  link.stop();
  for (const socket of connections) socket.terminate();
  sockets.close();
  await new Promise((resolve) => http.close(resolve));
});

test("only runs that somebody watches are asked for, each once, until the last one looks away", async () => {
  const early = link.watch(one);
  link.start();
  await expect.poll(() => asked).toEqual([["select", `watch ${one}`]]);
  const again = link.watch(one);
  const third = link.watch(other);
  early();
  early();
  third();
  again();
  const all = ["select", `watch ${one}`, `watch ${other}`, `unwatch ${other}`, `unwatch ${one}`];
  await expect.poll(() => asked).toEqual([all]);
});

test("after a lost connection what is watched is asked for again", async () => {
  link.start();
  await expect.poll(() => link.isUp).toBe(true);
  link.watch(one);
  link.watch(other)();
  await expect.poll(() => asked[0]?.length).toBe(4);
  connections[0]?.terminate();
  await expect.poll(() => asked[1]).toEqual(["select", `watch ${one}`]);
});
