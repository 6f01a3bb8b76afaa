import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { parseEnv } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { createUiService } from "./ui-service.ts";

let folder = "";
let api: Server;
let seen: IncomingMessage[] = [];
let service: ReturnType<typeof createUiService>;
let uiPort = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-ui-"));
  await mkdir(join(folder, "dist/client"), { recursive: true });
  await writeFile(join(folder, "dist/client/index.html"), "the page");
  seen = [];
  api = createServer((incoming, response) => {
    seen.push(incoming);
    incoming.pipe(response.writeHead(201, { "X-Answer": "yes", "Set-Cookie": ["a=1", "b=2"] }));
  });
  api.on("upgrade", (_, socket, head: Buffer) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.write(head);
    socket.pipe(socket);
  });
  const apiPort = await listenAnywhere(api);
  uiPort = await freePort();
  const env = parseEnv({ HOST: "127.0.0.1" }, folder);
  const ports = { ...env.ports, server: apiPort, ui: uiPort };
  service = createUiService({ env: { ...env, ports }, logger: silentLogger, machine: noTailnet });
  await service.start();
});

afterEach(async () => {
  await service.stop();
  api.closeAllConnections();
  api.close();
  await rm(folder, { recursive: true, force: true });
});

const noTailnet = () =>
  Promise.resolve({ names: ["127.0.0.1"], tailnet: { state: "absent" as const, dnsName: "", addresses: [] } });

async function listenAnywhere(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function ask(path: string, headers: Record<string, string> = {}, body?: string) {
  return new Promise<{ status: number; message: IncomingMessage; body: string }>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: uiPort, path, method: body === undefined ? "GET" : "POST", headers };
    request({ ...options, agent: false }, (message) => {
      let text = "";
      message.setEncoding("utf8").on("data", (part: string) => (text += part));
      message.on("end", () => {
        resolve({ status: message.statusCode ?? 0, message, body: text });
      });
    })
      .once("error", reject)
      .end(body);
  });
}

test("the page is served and the API is passed on with its body, status and headers", async () => {
  expect(await ask("/terminal")).toMatchObject({ status: 200, body: "the page" });
  const reply = await ask("/api/apps?x=1", { "content-type": "application/json" }, '{"a":1}');
  expect(reply).toMatchObject({ status: 201, body: '{"a":1}' });
  expect(reply.message.headers).toMatchObject({ "x-answer": "yes", "set-cookie": ["a=1", "b=2"] });
  expect(seen[0]?.url).toBe("/api/apps?x=1");
  expect(seen[0]?.headers.host).toBe(`127.0.0.1:${uiPort}`);
});

test("an address that begins with two slashes is a path, not another host", async () => {
  expect((await ask("//")).status).toBe(200);
  expect((await ask("//elsewhere.example/health")).body).not.toContain("uptimeMs");
});

test("foreign hosts and origins get neither the page nor the API", async () => {
  const foreign = [{ host: "evil.example" }, { origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }];
  for (const headers of foreign) {
    expect((await ask("/", headers)).status).toBe(403);
    expect((await ask("/api/apps", headers)).status).toBe(403);
  }
  expect(seen).toEqual([]);
});

test("a socket is passed on in both directions, a foreign one is cut", async () => {
  expect(await upgrade(`127.0.0.1:${uiPort}`, "/socket.io/?EIO=4&transport=websocket")).toContain("echo me");
  expect(await upgrade("evil.example", "/socket.io/?EIO=4&transport=websocket")).toBe("");
  expect(await upgrade(`127.0.0.1:${uiPort}`, "/elsewhere")).toBe("");
});

function upgrade(host: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(uiPort, "127.0.0.1", () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\necho me`);
    });
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("echo me")) socket.destroy();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      resolve(text);
    });
  });
}

test("an answer that comes before the body was sent arrives, whatever becomes of the connection", async () => {
  const body = "x".repeat(8 * 1024 * 1024);
  for (const isCut of [false, true]) {
    api.removeAllListeners("request");
    api.on("request", (incoming, response) => {
      response.writeHead(413, { "Content-Length": 9 }).end("too large");
      if (isCut) setTimeout(() => incoming.socket.destroy(), 50);
    });
    for (let round = 0; round < 5; round += 1)
      expect(await ask("/api/apps", {}, body)).toMatchObject({ status: 413, body: "too large" });
  }
});

test("answers of its own cannot be shown or run by another page; those of the API keep their headers", async () => {
  const own = await ask("/health");
  expect(own.message.headers).toMatchObject({
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  const passed = await ask("/api/apps", {}, "{}");
  expect(passed.message.headers["content-security-policy"]).toBeUndefined();
});

test("while portos-server is away the page still opens and the API says so", async () => {
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
  expect((await ask("/")).status).toBe(200);
  const reply = await ask("/api/apps");
  expect(reply.status).toBe(503);
  expect(JSON.parse(reply.body)).toMatchObject({ error: { code: "unavailable" } });
});

test("its health is its own", async () => {
  const reply = await ask("/health");
  expect(JSON.parse(reply.body)).toMatchObject({ status: "ok", process: "portos-ui", pid: process.pid });
});

/** An upload of which the first part is sent; the rest when it is asked for. */
function beginUpload(bytes: number, headers = "") {
  const socket = connect(uiPort, "127.0.0.1");
  let text = "";
  let error: Error | null = null;
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.on("error", (failure) => (error = failure));
  const head = `POST /api/apps HTTP/1.1\r\nHost: 127.0.0.1:${uiPort}\r\nContent-Length: ${bytes}\r\n${headers}\r\n`;
  const first = Math.min(64 * 1024, bytes);
  socket.write(head + "x".repeat(first));
  return {
    text: () => text,
    error: () => error,
    write: (more: string) => socket.write(more),
    sendRest: () => new Promise<void>((resolve) => void socket.write("x".repeat(bytes - first), () => resolve())),
    close: () => socket.destroy(),
  };
}

const oneMebibyte = 1024 * 1024;

test.each([401, 413])(
  "%i comes while the upload goes on, and the connection can be used again after it",
  async (status) => {
    api.removeAllListeners("request");
    api.on("request", (incoming, response) => {
      if (incoming.method === "GET") response.end("the next");
      else response.writeHead(status, { "Content-Length": 7 }).end("refused");
    });
    const upload = beginUpload(64 * oneMebibyte);
    await expect.poll(upload.text).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*refused$`));
    await upload.sendRest();
    upload.write(`GET /api/apps HTTP/1.1\r\nHost: 127.0.0.1:${uiPort}\r\n\r\n`);
    await expect.poll(upload.text, { timeout: 5_000 }).toContain("the next");
    expect(upload.error()).toBeNull();
    upload.close();
  },
);

test("what is refused at the gate while it is sent is answered, and its rest is read by nobody", async () => {
  for (let round = 0; round < 10; round += 1) {
    const upload = beginUpload(8 * oneMebibyte, "Origin: http://evil.example\r\n");
    await upload.sendRest();
    await expect.poll(upload.text, { timeout: 5_000 }).toMatch(/^HTTP\/1.1 403 [^]*"forbidden"/);
    expect(upload.error()).toBeNull();
    upload.close();
  }
  expect(seen).toEqual([]);
});

test("an upload that is never finished holds no connection to portos-server after its answer", async () => {
  api.removeAllListeners("request");
  let ended = 0;
  api.on("request", (incoming, response) => {
    incoming.socket.once("close", () => (ended += 1));
    response.writeHead(413, { "Content-Length": 9 }).end("too large");
  });
  const upload = beginUpload(8 * oneMebibyte, "Expect: 100-continue\r\n");
  await expect.poll(upload.text).toContain("too large");
  await expect.poll(() => ended).toBe(1);
  upload.close();
});
