import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";

import { startTestApp, type TestApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.end());

/** Sends bytes as they are and returns everything that comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(app.env.ports.server, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n\r\n")) setTimeout(() => socket.destroy(), 100);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      resolve(answer);
    });
    setTimeout(() => socket.destroy(), 3000);
  });
}

function upgrade(path: string, headers: Record<string, string>): Promise<"open" | "refused"> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${app.env.ports.server}${path}`, { headers });
    socket.once("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.once("error", () => {
      resolve("refused");
    });
  });
}

const polling = "/socket.io/?EIO=4&transport=polling";

describe("HTTP", () => {
  test("a foreign Origin and an unknown Host get 403 and no data, for every path", async () => {
    const foreign: Record<string, string>[] = [
      { origin: "http://evil.test" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const path of ["/api/health", "/health", "/api/settings", "/api/docs", "/", polling]) {
      for (const headers of foreign) {
        const response = await fetch(app.base + path, { headers });
        expect([path, response.status < 400]).toEqual([path, false]);
        expect(await response.text()).not.toContain("uptime");
      }
      expect(await raw(`GET ${path} HTTP/1.1\r\nHost: evil.test\r\n\r\n`)).toMatch(/^HTTP\/1\.1 40\d/);
    }
  });

  test("no reply carries a CORS header, a preflight is refused", async () => {
    const response = await fetch(`${app.base}/api/health`, { headers: { origin: app.base } });
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    const preflight = await fetch(`${app.base}/api/settings`, {
      method: "OPTIONS",
      headers: { origin: "http://evil.test", "access-control-request-method": "PUT" },
    });
    expect(preflight.status).toBe(403);
  });

  test("absolute-form targets, two Hosts and oversized headers are refused", async () => {
    const host = `127.0.0.1:${app.env.ports.server}`;
    expect(await raw(`GET /api/health HTTP/1.1\r\nHost: ${host}\r\nHost: evil.test\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400/,
    );
    expect(await raw(`GET /api/health HTTP/1.1\r\nHost: ${host}\r\nX-Big: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431/,
    );
  });
});

describe("sockets", () => {
  test("a WebSocket from a foreign page is refused, ours and one without Origin are opened", async () => {
    const path = "/socket.io/?EIO=4&transport=websocket";
    expect(await upgrade(path, { origin: "http://evil.test" })).toBe("refused");
    expect(await upgrade(path, { origin: "null" })).toBe("refused");
    expect(await upgrade(path, { host: "evil.test" })).toBe("refused");
    expect(await upgrade(path, { origin: app.base })).toBe("open");
    expect(await upgrade(path, {})).toBe("open");
  });

  test("an upgrade of any other path is cut", async () => {
    expect(await upgrade("/", {})).toBe("refused");
    expect(await upgrade("/api/health", {})).toBe("refused");
    expect(await upgrade("/socket.iox/?EIO=4&transport=websocket", {})).toBe("refused");
  });

  test("a session id does not open the door: polling posts and upgrades are judged again", async () => {
    const handshake = await (await fetch(app.base + polling)).text();
    const { sid } = JSON.parse(handshake.slice(1)) as { sid: string };
    const post = await fetch(`${app.base}${polling}&sid=${sid}`, {
      method: "POST",
      body: "40",
      headers: { origin: "http://evil.test", "content-type": "text/plain" },
    });
    expect(post.status).toBeGreaterThanOrEqual(400);
    expect(await upgrade(`/socket.io/?EIO=4&transport=websocket&sid=${sid}`, { origin: "http://evil.test" })).toBe(
      "refused",
    );
    const own = await fetch(`${app.base}${polling}&sid=${sid}`, {
      method: "POST",
      body: "40",
      headers: { "content-type": "text/plain" },
    });
    expect(own.status).toBe(200);
  });
});
