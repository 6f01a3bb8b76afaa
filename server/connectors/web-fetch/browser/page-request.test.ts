import { expect, test } from "vitest";

import { headersOfPage, judgePageRequest, type PageRequest } from "./page-request.ts";

function judge(more: Partial<PageRequest>): string {
  const request = { url: "https://site.example/x", method: "GET", headers: {}, kind: "XHR", isMainFrame: true };
  const verdict = judgePageRequest({ ...request, ...more });
  if (verdict.does === "stand-in") return `stand-in ${verdict.type} ${verdict.body.length}`;
  return verdict.does === "refuse" ? `refuse${verdict.isTold ? ", told" : ""}` : verdict.does;
}

test.each(["Document", "Script", "XHR", "Fetch", "Other"])("a %s is asked for, its headers too", (kind) => {
  expect(judge({ kind })).toBe("send");
  expect(judge({ kind, method: "HEAD" })).toBe("send");
});

test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "TRACE", "CONNECT", ""])(
  "%s is not made, and that is told",
  (method) => {
    expect(judge({ method })).toBe("refuse, told");
    expect(judge({ method, kind: "Document" })).toBe("refuse, told");
  },
);

test("what is looked at is answered with nothing to look at", () => {
  expect(judge({ kind: "Stylesheet" })).toBe("stand-in text/css 0");
  expect(judge({ kind: "Image" })).toMatch(/^stand-in image\/gif [1-9]/);
  expect(judge({ kind: "Other", headers: { Accept: "image/avif,*/*;q=0.8" } })).toMatch(/^stand-in image/);
  expect(judge({ kind: "Document", isMainFrame: false })).toBe("stand-in text/html 0");
});

test.each([
  "Font",
  "Media",
  "Ping",
  "EventSource",
  "WebSocket",
  "Prefetch",
  "CSPViolationReport",
  "Manifest",
  "Preflight",
])("a %s is not worth a word", (kind) => {
  expect(judge({ kind })).toBe("refuse");
  expect(judge({ kind, method: "POST" })).toBe("refuse");
});

test("neither is what is fetched ahead, a service worker, or a stream without end", () => {
  expect(judge({ headers: { "Sec-Purpose": "prefetch" } })).toBe("refuse");
  expect(judge({ headers: { purpose: "prefetch" } })).toBe("refuse");
  expect(judge({ kind: "Other", headers: { "Service-Worker": "script" } })).toBe("refuse");
  expect(judge({ headers: { Accept: "text/event-stream" } })).toBe("refuse");
});

test("addresses without a network pass, those that are none of the web do not", () => {
  for (const url of ["data:text/html,x", "blob:https://site.example/1", "about:blank", "DATA:,x"])
    expect(judge({ url }), url).toBe("pass");
  for (const url of [
    "file:///etc/passwd",
    "ftp://site.example/",
    "chrome://version",
    "ws://site.example/",
    "view-source:https://a/",
    "",
  ])
    expect(judge({ url }), url).toBe("refuse");
  expect(judge({ url: `https://site.example/${"x".repeat(16_000)}` })).toBe("refuse");
});

const named = { userAgent: "Mozilla/5.0 (compatible; PortOS)", languages: "" };

test("headers of the page are sent but for those that are not its to set", () => {
  const page = {
    Accept: "*/*",
    Cookie: "a=1",
    Authorization: "Bearer x",
    "X-Kind": "list",
    "User-Agent": "HeadlessChrome",
    "sec-ch-ua": "x",
    "Accept-Language": "xx",
    Host: "other.example",
    "Content-Length": "5",
    "Transfer-Encoding": "chunked",
    "Proxy-Authorization": "x",
    "bad name": "x",
    ":authority": "x",
  };
  expect(headersOfPage(page, named)).toEqual({
    "user-agent": named.userAgent,
    accept: "*/*",
    cookie: "a=1",
    authorization: "Bearer x",
    "x-kind": "list",
  });
  expect(headersOfPage({}, { ...named, languages: "de" })).toMatchObject({ "accept-language": "de" });
  expect(headersOfPage({ "x-big": "x".repeat(16_000) }, named)).toBeNull();
});
