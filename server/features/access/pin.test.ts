import { describe, expect, test } from "vitest";

import {
  accessStateFile,
  countTry,
  forgetTries,
  triesLeft,
  waitAfterMs,
  waitLeftMs,
  withSeen,
  type AccessStateFile,
} from "./access-state.ts";
import { createElevations } from "./elevations.ts";
import { hashPin, isPinOf } from "./pin-hash.ts";

describe("hash", () => {
  test("a PIN belongs to its hash, every other text does not; two hashes of one PIN differ", async () => {
    const [first, second] = [await hashPin("123456"), await hashPin("123456")];
    expect(first).not.toBe(second);
    expect(first).not.toContain("123456");
    expect(first.endsWith("-8-1")).toBe(true);
    expect(await isPinOf("123456", first)).toBe(true);
    for (const wrong of ["123457", "12345", "", "1234567", "１２３４５６"])
      expect([wrong, await isPinOf(wrong, first)]).toEqual([wrong, false]);
    expect(await isPinOf("123456", "no hash")).toBe(false);
    expect(await isPinOf("", "no hash")).toBe(false);
  });
});

const at = (failures: number): AccessStateFile => {
  let file = accessStateFile.initial;
  for (let index = 0; index < failures; index += 1) file = countTry(file, "phone", false, 0);
  return file;
};

describe("back-off", () => {
  test("four wrong PINs cost nothing, then the pause doubles up to its longest", () => {
    expect([1, 2, 3, 4].map((failures) => waitAfterMs(failures, false))).toEqual([0, 0, 0, 0]);
    expect([5, 6, 7].map((failures) => waitAfterMs(failures, false))).toEqual([30_000, 60_000, 120_000]);
    expect(waitAfterMs(1000, false)).toBe(3_600_000);
    expect(waitAfterMs(1000, true)).toBe(300_000);
    expect([1, 4, 5, 9].map(triesLeft)).toEqual([4, 1, 0, 0]);
  });

  test("a pause is over when its time has come, and a clock set back does not make it longer", () => {
    const attempt = at(5).attempts["phone"];
    expect(waitLeftMs(attempt, false, 0)).toBe(30_000);
    expect(waitLeftMs(attempt, false, 30_000)).toBe(0);
    expect(waitLeftMs(attempt, false, -1e9)).toBe(30_000);
    expect(waitLeftMs(undefined, false, 0)).toBe(0);
  });

  test("callers are counted apart, a right PIN forgets, a day forgets", () => {
    const file = countTry(at(5), "laptop", false, 1000);
    expect(file.attempts["laptop"]?.failures).toBe(1);
    expect(forgetTries(file, "phone").attempts).toEqual({ laptop: file.attempts["laptop"] });
    expect(Object.keys(countTry(file, "tablet", false, 25 * 3600_000).attempts)).toEqual(["tablet"]);
  });

  test("who came is listed once, newest first, and written at most once an hour", () => {
    const phone = { name: "ada@example.org", address: "100.64.0.9", node: "phone.t.ts.net" };
    const tagged = { name: "ci.t.ts.net", address: "100.64.0.11", node: "ci.t.ts.net" };
    const first = withSeen(accessStateFile.initial, phone, 0);
    expect(withSeen(first, { ...phone, address: "fd7a:115c:a1e0::9" }, 60_000)).toBe(first);
    const both = withSeen(first, tagged, 60_000);
    expect(both.seen.map(({ node, login, isTagged }) => [node, login, isTagged])).toEqual([
      ["ci.t.ts.net", "", true],
      ["phone.t.ts.net", "ada@example.org", false],
    ]);
    expect(withSeen(both, phone, 4_000_000).seen.map(({ node }) => node)).toEqual(["phone.t.ts.net", "ci.t.ts.net"]);
  });
});

describe("elevations", () => {
  test("a token counts for its caller and its time, and can be taken back", () => {
    let now = 0;
    const elevations = createElevations({ now: () => 1_000_000 + now, monotonic: () => now });
    const token = elevations.open("phone", 15);
    expect(elevations.openUntil(token, "phone")).toBe(1_000_000 + 900_000);
    expect(elevations.openUntil(token, "laptop")).toBeNull();
    expect(elevations.openUntil(`${token}x`, "phone")).toBeNull();
    expect(elevations.openUntil(null, "phone")).toBeNull();
    now = 899_999;
    expect(elevations.openUntil(token, "phone")).not.toBeNull();
    now = 900_000;
    expect(elevations.openUntil(token, "phone")).toBeNull();
    const [one, two] = [elevations.open("phone", 1), elevations.open("phone", 1)];
    elevations.close(one);
    expect([elevations.openUntil(one, "phone"), elevations.openUntil(two, "phone")]).toEqual([null, now + 1_060_000]);
    elevations.closeAll();
    expect(elevations.openUntil(two, "phone")).toBeNull();
  });
});
