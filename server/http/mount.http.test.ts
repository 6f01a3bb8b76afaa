import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { channels, endpointGroups } from "../../contract/index.ts";
import { startTestApp, type TestApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.end());

function put(
  body: BodyInit,
  headers: Record<string, string> = { "content-type": "application/json" },
): Promise<Response> {
  return fetch(`${app.base}/api/settings`, { method: "PUT", body, headers });
}

describe("parity", () => {
  test("every endpoint of the contract is mounted exactly once, and nothing else", () => {
    const expected = Object.entries(endpointGroups).flatMap(([group, endpoints]) =>
      Object.keys(endpoints).map((key) => `${group}.${key}`),
    );
    expect(app.app.core.context.mounted.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
  });

  test("no two endpoints share a method and path", () => {
    const names = app.app.core.context.mounted.map(
      ({ endpoint }) => `${endpoint.method} ${endpoint.path.replace(/:\w+/g, ":")}`,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test("every channel of the contract has its handlers", () => {
    expect(app.app.core.context.realtime.registered().toSorted()).toEqual(Object.keys(channels).toSorted());
  });

  test("OpenAPI lists every endpoint with its call id", async () => {
    const document = (await (await fetch(`${app.base}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.toSorted()).toEqual(app.app.core.context.mounted.map(({ id }) => id).toSorted());
    const page = await (await fetch(`${app.base}/api/docs`)).text();
    for (const id of ids) expect(page).toContain(id);
  });
});

describe("bodies", () => {
  test("an unknown field is refused and named", async () => {
    const response = await put(JSON.stringify({ admin: true }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_request", issues: [{ path: "body", message: 'must not have a field called "admin"' }] },
    });
  });

  test.each([
    ["text", "text/plain", 415],
    ["a form", "application/x-www-form-urlencoded", 415],
    ["JSON in another encoding", "application/json; charset=utf-16", 415],
  ])("%s is refused", async (_, type, status) => {
    expect((await put("{}", { "content-type": type })).status).toBe(status);
  });

  test("a compressed body and one over 1 MiB are refused", async () => {
    expect((await put("{}", { "content-type": "application/json", "content-encoding": "gzip" })).status).toBe(415);
    const response = await put(JSON.stringify({ machineName: "a".repeat(1024 * 1024) })).catch(() => null);
    expect(response === null || response.status === 413).toBe(true);
  });

  test("prototype keys are refused with their place", async () => {
    const response = await put('{"logs":{"__proto__":{"x":1}}}');
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_request", message: "body.logs: the name __proto__ is not allowed" },
    });
  });
});

describe("replies", () => {
  test("an error carries the correlation id of its header, no stack and no path", async () => {
    const response = await put("{");
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(error["correlationId"]).toBe(response.headers.get("x-correlation-id"));
    expect(JSON.stringify(error)).not.toMatch(/node_modules|\.ts|\/tmp/);
  });

  test("an unknown path is a 404 in the same shape", async () => {
    const response = await fetch(`${app.base}/api/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: "not_found", message: "There is nothing at GET /api/nowhere" },
    });
  });

  test("an unchanged reply is answered with 304", async () => {
    const first = await fetch(`${app.base}/api/settings`);
    const again = await fetch(`${app.base}/api/settings`, {
      headers: { "if-none-match": first.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  test("security headers are on every reply", async () => {
    const { headers } = await fetch(`${app.base}/api/health`);
    expect(headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("content-security-policy")).not.toContain("upgrade-insecure-requests");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("permissions-policy")).toContain("camera=()");
    expect(headers.get("strict-transport-security")).toBeNull();
  });
});
