import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";

import { runsMessageSchema, runsSocketPath, type RunsMessage, type RunsRequest } from "../../contract/internal/runs.ts";
import { silentLogger } from "../../lib/logger.ts";
import { serveRunsSocket } from "./runs-socket.ts";

const [one, other] = ["run-watched000001", "run-watched000002"] as const;

let server: Server;
let stop: () => void;
let socket: WebSocket;
let tell: (message: RunsMessage) => void;
let told: string[];

beforeEach(async () => {
  server = createServer();
  const runs = {
    onMessage(listener: (message: RunsMessage) => void) {
      tell = listener;
      return () => true;
    },
    readEvents: () => Promise.resolve([]),
  };
  stop = serveRunsSocket({ server, gate: { judge: () => ({ ok: true }) }, runs, logger: silentLogger }).stop;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  told = [];
  socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${runsSocketPath}`);
  socket.on("message", (data: Buffer) => {
    const message = runsMessageSchema.parse(JSON.parse(data.toString("utf8")));
    if (message.kind === "events") told.push(`${message.id} ${String(message.events[0]?.number)}`);
    else if (message.kind === "watched" || message.kind === "removed") told.push(`${message.kind} ${message.id}`);
  });
  await new Promise((resolve) => {
    socket.once("open", resolve);
  });
});

afterEach(async () => {
  socket.terminate();
  stop();
  await new Promise((resolve) => server.close(resolve));
});

function ask(request: RunsRequest): void {
  socket.send(JSON.stringify(request));
}

/** An event of both runs, and something that everybody is told. */
function happen(number: number): void {
  for (const id of [one, other])
    tell({
      kind: "events",
      id,
      events: [{ number, at: "2026-11-21T10:00:00.000Z", body: { kind: "text", text: "a" } }],
    });
  tell({ kind: "removed", id: `run-removed${String(number).padStart(6, "0")}` });
}

test("who has not chosen is told the events of all runs", async () => {
  happen(1);
  await expect.poll(() => told).toEqual([`${one} 1`, `${other} 1`, "removed run-removed000001"]);
});

test("who has chosen is told those of the runs it watches, from `watched` on, and everything else", async () => {
  ask({ kind: "select" });
  ask({ kind: "watch", id: one });
  await expect.poll(() => told).toEqual([`watched ${one}`]);
  happen(1);
  await expect.poll(() => told.slice(1)).toEqual([`${one} 1`, "removed run-removed000001"]);
  ask({ kind: "unwatch", id: one });
  ask({ kind: "watch", id: other });
  await expect.poll(() => told.slice(3)).toEqual([`watched ${other}`]);
  happen(2);
  await expect.poll(() => told.slice(4)).toEqual([`${other} 2`, "removed run-removed000002"]);
});

test("what it says and nobody understands changes nothing", async () => {
  socket.send("no JSON");
  socket.send(JSON.stringify({ kind: "watch", id: "../.." }));
  ask({ kind: "watch", id: one });
  await expect.poll(() => told).toEqual([`watched ${one}`]);
  happen(1);
  await expect.poll(() => told.length).toBe(4);
});
