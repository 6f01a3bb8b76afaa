import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fillJson, fillPath, fillText, namesIn } from "./fill-template.ts";

describe("a template", () => {
  test("takes values by name; two braces are one", () => {
    expect(fillText("{a}-{b} {{a}} {c}", { a: "x", b: 2 })).toBe("x-2 {a} ");
    expect(namesIn("{a}/{{b}}/{c}")).toEqual(["a", "c"]);
    expect(fillText("{a}", {})).toBeNull();
    expect(fillText("{a}", { a: false })).toBe("false");
    expect(fillText("{constructor}", {})).toBeNull();
  });

  test("in JSON keeps types, and leaves out what is not given", () => {
    const template = { text: "{text}", tags: ["{tag}", "fixed"], deep: { n: "{n}", at: "{a}:{b}" }, on: true };
    expect(fillJson(template, { n: 3, tag: ["x"], a: 1, b: 2 })).toEqual({
      tags: [["x"], "fixed"],
      deep: { n: 3, at: "1:2" },
      on: true,
    });
  });

  test("of a path keeps every value in its segment", () => {
    expect(fillPath("/r/{owner}/{name}", { owner: "a/b", name: "c d?#%" })).toBe("/r/a%2Fb/c%20d%3F%23%25");
    for (const value of ["", ".", "..", undefined])
      expect(() => fillPath("/r/{owner}/x", { owner: value })).toThrow("part of the address");
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text)),
        (value) => {
          let path: string;
          try {
            path = fillPath("/v1/{id}/end", { id: value });
          } catch {
            return;
          }
          const { pathname, search, hash, origin } = new URL(`https://api.example.com${path}`);
          expect([origin, search, hash]).toEqual(["https://api.example.com", "", ""]);
          expect(pathname.split("/")).toHaveLength(4);
          expect(pathname.startsWith("/v1/") && pathname.endsWith("/end")).toBe(true);
        },
      ),
    );
  });
});
