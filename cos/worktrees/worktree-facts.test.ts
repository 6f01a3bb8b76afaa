import { expect, test } from "vitest";

import { changedCopies, ignoredIn } from "./worktree-facts.ts";

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const record = { copied: [{ path: ".env", hash: "1", stamp: "2" }] };

test.each(["EACCES", "EPERM"])("takes a copied file that cannot be read for changed: %s", async (code) => {
  expect(await changedCopies(record, "/nowhere", failing(code))).toEqual([".env"]);
});

test("tells what else keeps it from looking", async () => {
  await expect(changedCopies(record, "/nowhere", failing("EIO"))).rejects.toThrow("EIO");
});

test("does without the names of ignored files when there are too many", async () => {
  expect(await ignoredIn(record, "/nowhere", () => Promise.resolve([".env", "built/"]))).toEqual(["built/"]);
  expect(await ignoredIn(record, "/nowhere", failing("too_large"))).toEqual([]);
});
