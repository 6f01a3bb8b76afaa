import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { createStaticFiles } from "./static-files.ts";

let root = "";
let server: Server;
let port = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "portos-static-"));
  await mkdir(join(root, "assets"));
  await writeFile(join(root, "index.html"), "<!doctype html>page");
  await writeFile(join(root, "answer.html"), "<!doctype html>question");
  await writeFile(join(root, "assets/main-Ab3_x9Qz.js"), "plain();");
  await writeFile(join(root, "assets/main-Ab3_x9Qz.js.br"), "brotli");
  await writeFile(join(root, "assets/main-Ab3_x9Qz.js.gz"), "gz");
  await writeFile(join(root, "../outside.txt"), "secret");
  const files = createStaticFiles({ root });
  server = createServer((incoming, response) => {
    if (!files(incoming, response)) response.writeHead(404).end("not ours");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.close();
  await rm(root, { recursive: true, force: true });
  await rm(join(root, "../outside.txt"), { force: true });
});

function get(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    })
      .once("error", reject)
      .end();
  });
}

const asset = "/assets/main-Ab3_x9Qz.js";

test("an asset is sent in the best form the client takes and may be kept for ever", async () => {
  const brotli = await get(asset, { "accept-encoding": "gzip, deflate, br" });
  expect(brotli.body).toBe("brotli");
  expect(brotli.headers).toMatchObject({
    "content-encoding": "br",
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
    vary: "Accept-Encoding",
    "x-content-type-options": "nosniff",
  });
  expect((await get(asset, { "accept-encoding": "gzip, br;q=0" })).body).toBe("gz");
  const plain = await get(asset);
  expect(plain.body).toBe("plain();");
  expect(plain.headers["content-encoding"]).toBeUndefined();
});

test("a page of the UI is the index, revalidated, and under a strict policy", async () => {
  const page = await get("/apps/some-id?tab=logs");
  expect(page.body).toBe("<!doctype html>page");
  expect(page.headers["cache-control"]).toBe("no-cache");
  expect(page.headers["content-security-policy"]).toContain("script-src 'self'");
  expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  const again = await get("/apps", { "if-none-match": page.headers.etag ?? "" });
  expect(again).toMatchObject({ status: 304, body: "" });
});

test("the page of a question is its own, under a policy that allows nothing inline", async () => {
  const page = await get("/a/0123456789abcdef0123");
  expect([page.status, page.body]).toEqual([200, "<!doctype html>question"]);
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(page.headers["content-security-policy"]).not.toContain("unsafe");
  expect((await get("/a/short")).body).toBe("<!doctype html>page");
});

test("a new build is served without a restart", async () => {
  expect((await get("/assets/late-Zz11yy22.css")).status).toBe(404);
  await writeFile(join(root, "assets/late-Zz11yy22.css"), "a{}");
  await writeFile(join(root, "index.html"), "<!doctype html>new");
  await expect.poll(async () => (await get("/")).body).toBe("<!doctype html>new");
  expect((await get("/assets/late-Zz11yy22.css")).headers["content-type"]).toContain("text/css");
});

test("nothing outside the folder is served, whatever the spelling", async () => {
  for (const path of ["/../outside.txt", "/..%2foutside.txt", "/%2e%2e/outside.txt", "/assets/../../outside.txt"]) {
    const reply = await get(path);
    expect(reply.status, path).toBe(404);
    expect(reply.body, path).not.toContain("secret");
  }
});

test("the API, missing files and writes are left to others", async () => {
  expect((await get("/api/apps")).status).toBe(404);
  expect((await get("/socket.io/?EIO=4")).status).toBe(404);
  expect((await get("/assets/old-12345678.js")).status).toBe(404);
  expect((await get("/", {}, "POST")).status).toBe(404);
  expect(await get("/", {}, "HEAD")).toMatchObject({ status: 200, body: "" });
});
