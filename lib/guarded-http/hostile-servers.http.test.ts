import type { ServerResponse } from "node:http";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";

import { afterEach, describe, expect, it } from "vitest";

import { guardedRequest, type GuardedRequest } from "./guarded-http.ts";
import { publicGuard } from "./public-guard.ts";
import { startHttp, startRaw, type StartedServer } from "./testing/hostile-server.ts";
import { createTrace } from "./trace.ts";

const ownPorts = [5554];
let servers: StartedServer[] = [];

async function kept(starting: Promise<StartedServer>): Promise<StartedServer> {
  const server = await starting;
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

function call({ port }: StartedServer, more: Partial<GuardedRequest> & { path?: string } = {}) {
  const { path = "/", ...request } = more;
  const origin = `http://127.0.0.1:${port}`;
  return guardedRequest({
    url: origin + path,
    method: "GET",
    guard: publicGuard({ ownPorts, targets: [{ address: origin }] }),
    timeoutMs: 10_000,
    maxBytes: 100_000,
    ...request,
  });
}

/** A server whose every answer is what `write` does with it. */
function answering(write: (response: ServerResponse) => void): Promise<StartedServer> {
  return kept(
    startHttp((_request, response) => {
      response.on("error", () => undefined); // hung up on
      write(response);
    }),
  );
}

function replying(text: string | Buffer): Promise<StartedServer> {
  return kept(
    startRaw((socket) => {
      socket.write(text);
    }),
  );
}

function answer(text: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

function timed<T>(work: Promise<T>): Promise<number> {
  const startedAt = performance.now();
  return work.then(
    () => performance.now() - startedAt,
    () => performance.now() - startedAt,
  );
}

describe("a server that means harm", () => {
  it("is cut off when its body does not end", async () => {
    const server = await answering((response) => {
      const block = Buffer.alloc(65_536, 65);
      const more = (): void => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
    const trace = createTrace();
    const reply = await call(server, { trace });
    expect([reply.isCut, reply.body.length]).toEqual([true, 100_000]);
    expect(trace.hops[0]?.receivedBytes).toBeLessThan(400_000);
    await expect.poll(() => server.open()).toBe(0);
  });

  it.each([
    ["gzip", gzipSync(Buffer.alloc(50_000_000))],
    ["br", brotliCompressSync(Buffer.alloc(50_000_000))],
    ["deflate", deflateSync(Buffer.alloc(50_000_000))],
    ["gzip, gzip", gzipSync(gzipSync(Buffer.alloc(50_000_000)))],
  ])("is recognised by its bomb in %s", async (coding, bomb) => {
    const server = await answering((response) => {
      response.writeHead(200, { "content-encoding": coding }).end(bomb);
    });
    const trace = createTrace();
    await expect(call(server, { maxBytes: 1e9, trace })).rejects.toMatchObject({ reason: "too_large" });
    expect(trace.hops[0]?.decodedBytes).toBeLessThan(12_000_000);
    expect((await call(server)).isCut).toBe(true);
  });

  it("does not get round the cap with packed bytes that unpack to nothing", async () => {
    const empty = gzipSync("");
    const server = await answering((response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      const members = Buffer.concat(Array.from({ length: 2_000 }, () => empty));
      const more = (): void => {
        while (!response.destroyed && response.write(members));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
    await expect(call(server)).rejects.toMatchObject({ reason: "too_large" });
  });

  it.each(["zstd", "foo", "gzip, gzip, gzip"])("is not believed when it packs with %s", async (coding) => {
    const server = await answering((response) => {
      response.writeHead(200, { "content-encoding": coding }).end("whatever");
    });
    await expect(call(server)).rejects.toMatchObject({ reason: "protocol" });
  });

  it.each([
    ["gzip", gzipSync("hello")],
    ["x-gzip", gzipSync("hello")],
    ["deflate", deflateSync("hello")],
    ["deflate", deflateRawSync("hello")],
    ["br", brotliCompressSync("hello")],
    ["deflate, gzip", gzipSync(deflateSync("hello"))],
    ["identity", Buffer.from("hello")],
  ])("and one that does not: %s is unpacked", async (coding, packed) => {
    const server = await answering((response) => {
      response.writeHead(200, { "content-encoding": coding, "content-length": packed.length }).end(packed);
    });
    const trace = createTrace();
    const reply = await call(server, { trace });
    expect(Buffer.from(reply.body).toString()).toBe("hello");
    expect(trace.hops[0]).toMatchObject({ receivedBytes: packed.length, decodedBytes: 5 });
    if (coding !== "identity") expect(reply.headers).not.toHaveProperty("content-length");
  });

  it("may say gzip about nothing, but not about what is damaged or breaks off", async () => {
    const bodies = [Buffer.alloc(0), Buffer.from("no gzip at all"), gzipSync("x".repeat(5_000)).subarray(0, 30)];
    const server = await answering((response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(bodies.shift());
    });
    expect((await call(server)).body).toHaveLength(0);
    for (const _ of [1, 2]) await expect(call(server)).rejects.toMatchObject({ reason: "protocol" });
  });

  it("is left when its headers come too slowly", async () => {
    const server = await kept(
      startRaw((socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        const timer = setInterval(() => socket.write("x: y\r\n"), 50);
        socket.once("close", () => {
          clearInterval(timer);
        });
      }),
    );
    const failing = call(server, { headersTimeoutMs: 300 });
    const took = timed(failing);
    await expect(failing).rejects.toMatchObject({ code: "timeout", message: "No headers within 300 ms", isSent: true });
    expect(await took).toBeLessThan(5_000);
    await expect.poll(() => server.open()).toBe(0);
  });

  it("is left when its body falls silent, and when it trickles for too long", async () => {
    const server = await answering((response) => {
      response.write("some");
    });
    const trace = createTrace();
    await expect(call(server, { silenceMs: 200, trace })).rejects.toMatchObject({
      code: "timeout",
      message: "Nothing was heard for 200 ms",
      isSent: true,
    });
    expect(trace.hops[0]).toMatchObject({ status: 200, receivedBytes: 4, failure: "Nothing was heard for 200 ms" });
    const dripping = await answering((response) => {
      const timer = setInterval(() => response.write("."), 30);
      response.once("close", () => {
        clearInterval(timer);
      });
    });
    await expect(call(dripping, { silenceMs: 400, timeoutMs: 900 })).rejects.toMatchObject({
      message: "No complete answer within 900 ms",
      isSent: true,
    });
    await expect.poll(() => server.open() + dripping.open()).toBe(0);
  });

  it("is refused with 10 000 headers, and with long ones", async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => `h${at}: v\r\n`).join("");
    const server = await replying(`HTTP/1.1 200 OK\r\n${many}\r\n`);
    await expect(call(server)).rejects.toMatchObject({
      reason: "too_large",
      message: "No answer: its headers are too large",
    });
    const short = Array.from({ length: 300 }, (_, at) => `h${at}: v\r\n`).join("");
    const shorter = await replying(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${short}\r\n`);
    await expect(call(shorter)).rejects.toMatchObject({ reason: "too_large" });
    const long = await replying(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}\r\n\r\n`);
    await expect(call(long)).rejects.toMatchObject({ reason: "too_large" });
  });

  it("is not believed when its length is wrong", async () => {
    const tooShort = await kept(
      startRaw((socket) => {
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this");
      }),
    );
    await expect(call(tooShort)).rejects.toMatchObject({ reason: "cut", code: "upstream_failed", isSent: true });
    const two = await replying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\nhello");
    await expect(call(two)).rejects.toMatchObject({ reason: "protocol" });
    const both = await replying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    await expect(call(both)).rejects.toMatchObject({ reason: "protocol" });
    const none = await replying("this is no HTTP\r\n\r\n");
    await expect(call(none)).rejects.toMatchObject({ reason: "protocol" });
  });

  it("is left when it wants to speak another protocol, or says nothing but to wait", async () => {
    const other = await replying("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhi");
    await expect(call(other)).rejects.toMatchObject({ reason: "protocol", isSent: true });
    const waiting = await replying("HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000));
    await expect(call(waiting, { headersTimeoutMs: 300 })).rejects.toMatchObject({ code: "timeout", isSent: true });
    await expect.poll(() => other.open() + waiting.open()).toBe(0);
  });

  it("cannot slip an answer to a question that was not asked yet into a connection that is kept", async () => {
    let asked = 0;
    const server = await kept(
      startRaw((socket) => {
        asked += 1;
        if (asked % 2 === 1) socket.write(answer("right") + answer("WRONG"));
        else {
          socket.write(answer("right"));
          setTimeout(() => socket.write(answer("WRONG")), 20);
        }
      }),
    );
    for (let time = 0; time < 6; time += 1) {
      const reply = await call(server);
      expect(Buffer.from(reply.body).toString()).toBe("right");
      await expect.poll(() => server.open()).toBe(0);
    }
  });

  it("cannot send a call round for ever, nor to the inside", async () => {
    let asked = 0;
    const server = await kept(
      startHttp((request, response) => {
        asked += 1;
        const to = new URL(request.url ?? "/", "http://x").searchParams.get("to") ?? "/again";
        response.writeHead(302, { location: to }).end();
      }),
    );
    const trace = createTrace();
    await expect(call(server, { maxRedirects: 5, trace })).rejects.toMatchObject({ reason: "redirect" });
    expect([asked, trace.hops.length]).toEqual([6, 6]);
    expect(server.connections()).toBeLessThan(6); // those of short answers are used again
    for (const to of [
      "http://127.0.0.1:22/",
      "http://[::1]/",
      "http://169.254.169.254/x",
      "http://localhost:5554/",
      "file:///etc/passwd",
    ]) {
      const inside = createTrace();
      const path = `/?to=${encodeURIComponent(to)}`;
      await expect(call(server, { path, maxRedirects: 5, trace: inside })).rejects.toMatchObject({
        code: "forbidden",
        reason: "refused",
      });
      expect(inside.hops).toHaveLength(2);
      expect(inside.hops[1]).toMatchObject({
        address: null,
        status: null,
        refusal: { reason: expect.any(String) as string },
      });
    }
  });

  it("is no longer called once its name leads elsewhere", async () => {
    const server = await answering((response) => response.end("here"));
    const answers = [["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "10.0.0.1"]];
    const guard = publicGuard({
      ownPorts,
      targets: [{ address: `http://nas.localhost:${server.port}` }],
      resolve: () => Promise.resolve(answers.shift() ?? []),
    });
    const url = `http://nas.localhost:${server.port}/`;
    const first = createTrace();
    await call(server, { url, guard, trace: first });
    const second = createTrace();
    await call(server, { url, guard, trace: second });
    expect([first.hops[0]?.isReused, second.hops[0]?.isReused]).toEqual([false, true]);
    for (const code of ["special_address", "private"]) {
      const trace = createTrace();
      await expect(call(server, { url, guard, trace })).rejects.toMatchObject({ refusal: { code } });
      expect(trace.hops[0]).toMatchObject({ address: null, refusal: { code } });
    }
    expect(server.connections()).toBe(1);
  });

  it("that closes connections while they are idle costs no call that may be repeated", async () => {
    let asked = 0;
    const server = await kept(
      startRaw((socket, bytes) => {
        asked += 1;
        // every second request on a connection is answered with its end
        if (asked % 2 === 0 && !bytes.includes("first")) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      }),
    );
    expect((await call(server)).status).toBe(200);
    expect((await call(server)).status).toBe(200);
    expect(asked).toBe(3);
    await expect(call(server, { method: "POST", body: "x" })).rejects.toMatchObject({ reason: "cut", isSent: true });
    expect(asked).toBe(4);
  });
});
