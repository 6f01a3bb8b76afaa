import { describe, expect, test } from "vitest";

import { rotatedName } from "./log-files.ts";

describe("rotated predecessors of web.log", () => {
  test.each([
    "web.log.1",
    "web.log.12.gz",
    "web.log-20261121",
    "web.log-20261121.gz",
    "web.log.2026-11-21",
    "web__2026-11-21_00-00-00.log",
    "web__2026-11-21_00-00-00.log.gz",
  ])("%s is one", (name) => {
    expect(rotatedName("web.log", name)).toEqual({ id: null });
  });

  test("a file rotated here carries its id, compressed or not", () => {
    const name = "web.log.20261121T000407123Z.1abc-m9x8y7";
    expect(rotatedName("web.log", name)).toEqual({ id: "1abc-m9x8y7" });
    expect(rotatedName("web.log", `${name}.gz`)).toEqual({ id: "1abc-m9x8y7" });
  });

  test.each([
    "web.log",
    "web.log.bak",
    "web.logs",
    "website.log.1",
    "web.log.1.part",
    "web-out.log",
    "web.log.20261121T000407123Z.x.gz.part",
  ])("%s is none", (name) => {
    expect(rotatedName("web.log", name)).toBeNull();
  });
});
