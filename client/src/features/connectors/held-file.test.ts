import { expect, test } from "vitest";

import { bytesOf, heldFileOf, sizeOf } from "./held-file.ts";

test("a result with a name and bytes holds a file", () => {
  const file = heldFileOf({ name: "a.pdf", contentType: "application/pdf", base64: "AAH/", bytes: 3 });
  expect(file).toEqual({ name: "a.pdf", type: "application/pdf", base64: "AAH/" });
  expect(bytesOf({ base64: "AAH/" })).toEqual(new Uint8Array([0, 1, 255]));
});

test.each([
  [null],
  ["text"],
  [[]],
  [{ name: "a" }],
  [{ name: "a", base64: null }],
  [{ name: "a", base64: "" }],
  [{ base64: "AAH/" }],
])("%j holds none", (output) => {
  expect(heldFileOf(output)).toBeNull();
});

test("what is no base64 has no bytes", () => {
  expect(bytesOf({ base64: "%%%" })).toBeNull();
});

test.each([
  ["AAH/", 3],
  ["/wA=", 2],
  ["/w==", 1],
])("%s has %i bytes", (base64, size) => {
  expect(sizeOf({ base64 })).toBe(size);
});
