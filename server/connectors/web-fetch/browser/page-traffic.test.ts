import { expect, test } from "vitest";

import type { ConnectorReply, ConnectorRequest } from "../../framework/define-connector.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { webFetchConfigSchema } from "../web-fetch-config.ts";
import type { PageRequest } from "./page-request.ts";
import { createPageTraffic } from "./page-traffic.ts";

type Reply = { status?: number; headers?: Record<string, string>; body?: string | Uint8Array };

/** Traffic over a network that is told what to answer, and what it was asked for. */
function traffic(answer: (request: ConnectorRequest) => Reply | Promise<Reply>) {
  const asked: ConnectorRequest[] = [];
  const allowed: [url: string, isOutsideOnly: boolean | null][] = [];
  async function request(wanted: ConnectorRequest): Promise<ConnectorReply> {
    asked.push(wanted);
    const { status = 200, headers = {}, body = "" } = await answer(wanted);
    const bytes = Buffer.from(body);
    if (bytes.length > (wanted.maxBytes ?? Infinity))
      throw new GatewayError("too_large", "The reply is too large", { hint: "Ask for less." });
    const text = (): string => bytes.toString();
    return {
      status,
      headers: { "content-type": "text/html", ...headers },
      bytes,
      url: String(wanted.url),
      text,
      json: () => null,
    };
  }
  const page = createPageTraffic({
    context: { config: webFetchConfigSchema.parse({}), http: { request, expectOk: request }, note: () => undefined },
    accept: "text/html",
    allow(url, byPage) {
      allowed.push([url, byPage?.isOutsideOnly ?? null]);
      return Promise.resolve();
    },
  });
  const ask = (url: string, more: Partial<PageRequest> = {}) =>
    page.answer({ url, method: "GET", headers: {}, kind: "XHR", isMainFrame: true, ...more });
  const show = (url: string) => ask(url, { kind: "Document" });
  return { page, ask, show, asked, allowed };
}

test("only the place the page is from may be inside, and for nobody but the page itself", async () => {
  const { ask, show, asked } = traffic(() => ({ body: "<p>x" }));
  await show("https://site.example/");
  await ask("https://site.example/own");
  await ask("https://site.example:8080/port");
  await ask("http://site.example/plain");
  await ask("https://cdn.example/other");
  await ask("https://site.example/frame", { isMainFrame: false });
  expect(asked.map(({ isOutsideOnly = false }) => isOutsideOnly)).toEqual([false, false, true, true, true, true]);
});

test("a page that leads elsewhere takes that place instead; its redirects do not", async () => {
  const { ask, show, asked, allowed } = traffic(({ url }) =>
    String(url).endsWith("/way") ? { status: 302, headers: { location: "https://b.example/" } } : { body: "<p>x" },
  );
  await show("https://a.example/");
  await show("https://b.example/way");
  await ask("https://b.example/1");
  await show("https://b.example/");
  await ask("https://b.example/2");
  await ask("https://a.example/3");
  expect(asked.map(({ isOutsideOnly = false }) => isOutsideOnly)).toEqual([false, true, true, true, false, true]);
  expect(allowed).toEqual([
    ["https://a.example/", null],
    ["https://b.example/way", true],
    ["https://b.example/", true],
  ]);
  expect(asked.every(({ maxRedirects }) => maxRedirects === 0)).toBe(true);
});

test("the first document and its redirects decide about the call, what comes later does not", async () => {
  const refusal = new GatewayError("refused_by_guard", "It must not be called", { hint: "Do not." });
  const { page, show, ask } = traffic(({ url }) => {
    if (String(url).startsWith("https://inside.example")) return Promise.reject(refusal);
    return { status: 302, headers: { location: "https://inside.example/" } };
  });
  expect(await show("https://site.example/")).toMatchObject({ does: "fulfil", status: 302 });
  expect(await show("https://inside.example/")).toEqual({ does: "fail" });
  await expect(page.document).rejects.toBe(refusal);
  const later = traffic(({ url }) => (String(url).includes("inside") ? Promise.reject(refusal) : { body: "<p>x" }));
  await later.show("https://site.example/");
  expect(await later.show("https://inside.example/")).toEqual({ does: "fail" });
  expect(await later.ask("https://inside.example/")).toEqual({ does: "fail" });
  expect(await later.page.document).toMatchObject({ isPage: true, url: "https://site.example/" });
  expect(later.page.tally.warnings()).toEqual([
    "Requests of the page that the guard or the policy refused: 2 (inside.example).",
  ]);
  expect(await ask("https://site.example/", { method: "POST" })).toEqual({ does: "fail" });
});

test("no more than 150 requests are made for one page, and no more than six at once", async () => {
  let now = 0;
  let most = 0;
  const { page, ask, show, asked } = traffic(async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return { body: "<p>x" };
  });
  await show("https://site.example/");
  await Promise.all(Array.from({ length: 200 }, (_, at) => ask(`https://site.example/${at}`)));
  expect(asked).toHaveLength(151);
  expect(most).toBe(6);
  expect(page.tally.counts()).toEqual({ made: 150, unmade: 50 });
  expect(page.tally.warnings()).toEqual([
    "Requests of the page that were beyond what one page may load: 50 (site.example).",
  ]);
});

test("no more than 20 MB are loaded for one page, whatever its parts are", async () => {
  const body = Buffer.alloc(3_000_000);
  const { ask, show, asked } = traffic(({ url }) => ({ body: String(url).endsWith("/") ? "<p>x" : body }));
  await show("https://site.example/");
  for (let at = 0; at < 12; at += 1) await ask(`https://site.example/${at}`);
  const sizes = asked.slice(1).map(({ maxBytes = 0 }) => maxBytes);
  expect(sizes).toEqual([...Array.from({ length: 6 }, () => 3_000_000), 2_000_000]);
});

test("a part that fails gives its share back and is told", async () => {
  const failure = new GatewayError("upstream_failed", "No answer", { hint: "Try later." });
  const { page, ask, show } = traffic(({ url }) =>
    String(url).endsWith("/") ? { body: "<p>x" } : Promise.reject(failure),
  );
  await show("https://site.example/");
  for (let at = 0; at < 20; at += 1) await ask(`https://site.example/${at}`);
  expect(page.tally.warnings()).toEqual(["Requests of the page that failed: 20 (site.example)."]);
});

test("of a part that fails late counts what had come", async () => {
  const failure = new GatewayError("upstream_failed", "The connection was cut", { hint: "Try later." });
  const { page, ask, show, asked } = traffic(({ url, onReceived }) => {
    if (String(url).endsWith("/")) return { body: "<p>x" };
    onReceived?.(2_900_000);
    return Promise.reject(failure);
  });
  await show("https://site.example/");
  for (let at = 0; at < 20; at += 1) await ask(`https://site.example/${at}`);
  expect(asked).toHaveLength(8);
  expect(page.tally.warnings()).toEqual([
    "Requests of the page that failed: 7 (site.example).",
    "Requests of the page that were beyond what one page may load: 13 (site.example).",
  ]);
});

test("a page in an old encoding is handed on in a new one, what is no page not at all", async () => {
  const russian = Buffer.concat([Buffer.from("<p>"), Buffer.from("cff0e8e2e5f2", "hex")]);
  const { page, show } = traffic(() => ({
    body: russian,
    headers: { "content-type": "text/html; charset=windows-1251" },
  }));
  const answer = await show("https://site.example/");
  if (answer.does !== "fulfil") throw new Error("It was not handed on");
  expect(answer.body.toString()).toBe("<p>Привет");
  expect(answer.headers).toContainEqual({ name: "content-type", value: "text/html; charset=utf-8" });
  expect(await page.document).toMatchObject({ encoding: "windows-1251", isPage: true });
  const data = traffic(() => ({ body: "{}", headers: { "content-type": "application/json" } }));
  expect(await data.show("https://site.example/")).toEqual({ does: "fail" });
  expect(await data.page.document).toMatchObject({ isPage: false, text: "{}" });
});
