import { describe, expect, test } from "vitest";

import { parseJson } from "./json-body.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const nested = (levels: number): Uint8Array => bytes("[".repeat(levels) + "]".repeat(levels));

describe("parseJson", () => {
  test("reads plain JSON and nothing as undefined", () => {
    expect(parseJson(bytes('{"a":[1,{"b":null}]}'))).toEqual({ a: [1, { b: null }] });
    expect(parseJson(new Uint8Array())).toBeUndefined();
  });

  test.each(["__proto__", "constructor", "prototype"])("refuses the name %s at any depth and says where", (name) => {
    expect(() => parseJson(bytes(`{"a":{"b":[{"${name}":1}]}}`))).toThrow(
      `body.a.b.0: the name ${name} is not allowed`,
    );
  });

  test("50 levels are read, 51 are refused", () => {
    expect(() => parseJson(nested(50))).not.toThrow();
    expect(() => parseJson(nested(51))).toThrow("deeper than 50");
  });

  test("refuses bytes that are not UTF-8 and text that is not JSON", () => {
    expect(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow("not valid UTF-8");
    expect(() => parseJson(bytes("{a:1}"))).toThrow("not valid JSON");
  });
});
