import { request } from "node:http";
import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startTestApp, type TestApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.end());

/** Asks with any method; `fetch` refuses some. */
function ask(
  method: string,
  path: string,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { hostname, port } = new URL(app.base);
  return new Promise((resolve, reject) => {
    request({ host: hostname, port, path, method, agent: false }, (reply) => {
      let body = "";
      reply.setEncoding("utf8").on("data", (part: string) => (body += part));
      reply.on("end", () => {
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body });
      });
    })
      .once("error", reject)
      .end();
  });
}

const codeOf = (body: string): unknown => (JSON.parse(body) as { error: { code: string } }).error.code;

describe("a method nobody expects", () => {
  test.each([
    ["OPTIONS", "/api/apps", "GET, HEAD, POST"],
    ["TRACE", "/api/apps", "GET, HEAD, POST"],
    ["PROPFIND", "/api/apps/blog", "DELETE, GET, HEAD, PUT"],
    ["DELETE", "/api/settings", "GET, HEAD, PUT"],
    ["OPTIONS", "/", "GET, HEAD"],
    ["TRACE", "/terminal", "GET, HEAD"],
    ["POST", "/", "GET, HEAD"],
  ])("%s %s is refused and told what is possible", async (method, path, allowed) => {
    const reply = await ask(method, path);
    expect([reply.status, codeOf(reply.body)]).toEqual([405, "method_not_allowed"]);
    const known = app.app.core.context.mounted.filter(({ endpoint }) => endpoint.path === path.replace("blog", ":id"));
    expect(String(reply.headers["allow"]).split(", ")).toEqual(
      known.length === 0
        ? allowed.split(", ")
        : [
            ...new Set(
              known.flatMap(({ endpoint }) => (endpoint.method === "GET" ? ["GET", "HEAD"] : [endpoint.method])),
            ),
          ].toSorted(),
    );
  });
});

describe("what is not there", () => {
  test.each([
    ["GET", "/api/nothing"],
    ["OPTIONS", "/api/nothing"],
    ["POST", "/api/apps/blog/nothing"],
    ["GET", "/assets/nothing-12345678.js"],
    ["GET", "/nothing.txt"],
  ])("%s %s is 404 in our own words, with the headers of every answer", async (method, path) => {
    const reply = await ask(method, path);
    expect([reply.status, codeOf(reply.body)]).toEqual([404, "not_found"]);
    expect(reply.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(reply.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(reply.headers["permissions-policy"]).toContain("camera=()");
  });
});

test("a body of unknown length that is too large gets an answer, not a reset", async () => {
  const { hostname, port } = new URL(app.base);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `PUT /api/settings HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const piece = "x".repeat(64 * 1024);
      for (let sent = 0; sent < 40; sent += 1) socket.write(`10000\r\n${piece}\r\n`);
      socket.write("0\r\n\r\n");
    });
    socket.on("data", (part: Buffer) => {
      text += part.toString();
      if (text.includes("too_large")) {
        socket.destroy();
        resolve(text);
      }
    });
    socket.on("error", reject);
    socket.on("close", () => {
      resolve(text);
    });
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});
