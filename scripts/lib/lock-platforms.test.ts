import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { completeLock, missingOptionalPackages, type LockFile } from "./lock-platforms.mjs";

const lock: LockFile = {
  packages: {
    "": { optionalDependencies: { "@tool/linux-x64-gnu": "1.0.0" } },
    "node_modules/tool": {
      version: "1.0.0",
      optionalDependencies: {
        "@tool/darwin-arm64": "1.0.0",
        "@tool/linux-x64-gnu": "1.0.0",
        "@tool/linux-arm64-musl": "1.0.0",
      },
    },
    "node_modules/@tool/linux-x64-gnu": { version: "1.0.0", optional: true },
  },
};

test("packages for other systems are found and locked for the system in their name", () => {
  expect(missingOptionalPackages(lock).map(({ path }) => path)).toEqual([
    "node_modules/@tool/darwin-arm64",
    "node_modules/@tool/linux-arm64-musl",
  ]);
  const { packages } = completeLock(lock);
  expect(packages["node_modules/@tool/darwin-arm64"]).toEqual({
    version: "1.0.0",
    cpu: ["arm64"],
    os: ["darwin"],
    optional: true,
  });
  expect(packages["node_modules/@tool/linux-arm64-musl"]).toMatchObject({
    cpu: ["arm64"],
    libc: ["musl"],
    os: ["linux"],
  });
  expect(missingOptionalPackages({ packages })).toEqual([]);
});

test("what cannot be locked exactly is refused", () => {
  const range: LockFile = {
    packages: { "": {}, "node_modules/a": { optionalDependencies: { "b-darwin": "^1.0.0" } } },
  };
  expect(() => completeLock(range)).toThrow("no exact version");
  const nameless: LockFile = { packages: { "": {}, "node_modules/a": { optionalDependencies: { b: "1.0.0" } } } };
  expect(() => completeLock(nameless)).toThrow("for which system");
});

test("the lock file of this project is complete", () => {
  expect(missingOptionalPackages(JSON.parse(readFileSync("package-lock.json", "utf8")) as LockFile)).toEqual([]);
});
