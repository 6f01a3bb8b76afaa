import { expect, test } from "vitest";

import { documentPolicy, headersForPage, isRedirect } from "./page-reply.ts";

const said = (headers: Record<string, string>, kind: Parameters<typeof headersForPage>[1]) =>
  headersForPage(headers, kind).map(({ name, value }) => `${name}: ${value}`);

test("a document is held to our policy besides its own", () => {
  expect(
    said({ "content-type": "text/html", "content-security-policy": "default-src *" }, { isDocument: true }),
  ).toEqual([
    "content-type: text/html",
    "content-security-policy: default-src *",
    `content-security-policy: ${documentPolicy}`,
  ]);
  expect(documentPolicy).not.toMatch(/popups|modals|downloads|top-navigation/);
});

test("what outlives the page, asks again or belongs to the connection is left out", () => {
  const headers = {
    "content-encoding": "gzip",
    "content-length": "5",
    "content-disposition": "attachment",
    "strict-transport-security": "max-age=1",
    "alt-svc": "h3",
    "critical-ch": "x",
    "service-worker-allowed": "/",
    "report-to": "{}",
    "x-total": "7",
    location: "/next",
  };
  expect(said(headers, { isDocument: false })).toEqual(["x-total: 7", "location: /next"]);
});

test("cookies that came as one line are several again, dates with commas are whole", () => {
  const line = "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, b=2, __Host-c=x=y; Secure";
  expect(said({ "set-cookie": line }, { isDocument: false })).toEqual([
    "set-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/",
    "set-cookie: b=2",
    "set-cookie: __Host-c=x=y; Secure",
  ]);
});

test("the type can be told anew", () => {
  expect(
    said({ "content-type": "text/html; charset=x" }, { isDocument: false, contentType: "text/html; charset=utf-8" }),
  ).toEqual(["content-type: text/html; charset=utf-8"]);
});

test("only a redirect with an address leads elsewhere", () => {
  expect(isRedirect(302, { location: "/" })).toBe(true);
  expect(isRedirect(302, {})).toBe(false);
  expect(isRedirect(201, { location: "/" })).toBe(false);
  expect(isRedirect(304, { location: "/" })).toBe(false);
});
