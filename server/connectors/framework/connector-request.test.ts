import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { bodyToSend, headersToSend, urlToCall } from "./connector-request.ts";

describe("the address", () => {
  test("gets its query, encoded, in order, lists as often as they have entries, nothing for what is not given", () => {
    const query = { q: "a&b=c #d", page: 2, isOpen: true, label: ["x", "y z"], none: undefined };
    expect(urlToCall({ url: "https://example.com/p?first=1#part", query }).href).toBe(
      "https://example.com/p?first=1&q=a%26b%3Dc+%23d&page=2&isOpen=true&label=x&label=y+z#part",
    );
  });

  test("must be one", () => {
    for (const url of ["", "example.com/p", "http://", "//example.com"])
      expect(() => urlToCall({ url })).toThrow(
        expect.objectContaining({ gatewayCode: "invalid_params", isFinal: true }),
      );
  });

  test("no value of the query changes where it leads, or another value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
        fc.pre(name !== "last");
        const url = urlToCall({ url: "https://example.com/p", query: { [name]: value, last: "1" } });
        expect([url.origin, url.pathname, url.hash]).toEqual(["https://example.com", "/p", ""]);
        expect([...url.searchParams]).toHaveLength(2);
        expect(url.searchParams.get("last")).toBe("1");
      }),
    );
  });
});

describe("headers", () => {
  test("a JSON body gets its type, unless it has one; bytes and text get none", () => {
    expect(headersToSend({ body: { a: 1 } })).toEqual({ "content-type": "application/json" });
    const own = { "Content-Type": "application/vnd.x+json" };
    expect(headersToSend({ headers: own, body: { a: 1 } })).toEqual(own);
    expect(headersToSend({ body: "text" })).toEqual({});
    expect(headersToSend({ body: new Uint8Array(2) })).toEqual({});
    expect(headersToSend({})).toEqual({});
  });

  test("have one line, and no name that ends it", () => {
    expect(headersToSend({ headers: { "X-A": "one\r\nX-B: two" } })).toEqual({ "X-A": "one X-B: two" });
    for (const name of ["", "X A", "X:A", "X\r\nB", "Ü"])
      expect(() => headersToSend({ headers: { [name]: "1" } })).toThrow(/is not the name of a header/);
    expect(() => headersToSend({ headers: { "X-A": "price: 5 €" } })).toThrow(/X-A has characters no header can have/);
  });

  test("whatever goes in, no line ends inside", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
        try {
          for (const [sentName, sent] of Object.entries(headersToSend({ headers: { [name]: value } })))
            expect(`${sentName}${sent}`).not.toMatch(/[\r\n\0]/);
        } catch (error) {
          expect(error).toMatchObject({ gatewayCode: "invalid_params" });
        }
      }),
    );
  });
});

test("a body is sent as it is, or as JSON", () => {
  const bytes = new Uint8Array([1, 2]);
  expect(bodyToSend({ body: bytes })).toBe(bytes);
  expect(bodyToSend({ body: "a=1" })).toBe("a=1");
  expect(bodyToSend({ body: { a: [1, "ü"] } })).toBe('{"a":[1,"ü"]}');
  expect(bodyToSend({})).toBeUndefined();
});
