import { describe, expect, test } from "vitest";

import { ApiError, fieldErrors, toApiError } from "./api-error.ts";
import { appLinkUrl } from "./app-links.ts";
import { fitKept } from "./last-known.ts";
import { requestPath } from "./request-path.ts";
import { parseSearch, stringifySearch } from "./search-state.ts";

const query = (key: string, updatedAt: number, length: number) => ({
  key: [key],
  data: "x".repeat(length),
  updatedAt,
});

describe("request paths", () => {
  test("parameters are escaped, so that a slash in a key stays one segment", () => {
    expect(requestPath("/api/processes/:key/stop", { key: "blog/web #1" })).toBe(
      "/api/processes/blog%2Fweb%20%231/stop",
    );
  });

  test("empty query values are left out and lists repeat their key", () => {
    expect(requestPath("/api/x", {}, { a: undefined, b: null, c: ["1", "2"], d: 0, e: false })).toBe(
      "/api/x?c=1&c=2&d=0&e=false",
    );
  });

  test("a missing parameter is an error, not a wrong address", () => {
    expect(() => requestPath("/api/apps/:id", {})).toThrow("id");
  });
});

describe("API errors", () => {
  test("the server's own words are kept", () => {
    const error = toApiError(409, {
      error: { code: "conflict", message: "Taken", hint: "Choose another", correlationId: "c1" },
    });
    expect([error.code, error.message, error.hint, error.correlationId]).toEqual([
      "conflict",
      "Taken",
      "Choose another",
      "c1",
    ]);
  });

  test("a page of a proxy becomes a sentence of ours", () => {
    expect(toApiError(502, null).code).toBe("unavailable");
    expect(toApiError(404, "<html>").code).toBe("not_found");
  });

  test("issues become errors of fields without the part of the request they came in", () => {
    const error = new ApiError({
      code: "invalid_request",
      message: "x",
      issues: [{ path: "body.logs.keepDays", message: "too big" }],
    });
    expect(fieldErrors(error)).toEqual({ "logs.keepDays": "too big" });
    expect(fieldErrors(new Error("x"))).toEqual({});
  });
});

test("search values stay text both ways, empty ones leave no trace", () => {
  expect(parseSearch("?line=12&q=a%20b&flag=true")).toEqual({ line: "12", q: "a b", flag: "true" });
  expect(stringifySearch({ line: "12", q: "a b", none: undefined, empty: "" })).toBe("?line=12&q=a+b");
  expect(stringifySearch({})).toBe("");
});

test("of what this browser keeps, the newest that fits stays", () => {
  expect(
    fitKept([query("old", 1, 10), query("new", 3, 10), query("huge", 2, 5000)], 300).map(({ key }) => key[0]),
  ).toEqual(["new", "old"]);
});

test("a port link points at the machine the panel was opened on, IPv6 in brackets", () => {
  const link = { kind: "port", label: "web", port: 3000, path: "/admin" } as const;
  expect(appLinkUrl(link, "workbench.ts.net")).toBe("http://workbench.ts.net:3000/admin");
  expect(appLinkUrl(link, "fd7a::1")).toBe("http://[fd7a::1]:3000/admin");
});
