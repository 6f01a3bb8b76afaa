import { expect, test } from "vitest";

import { redact, redactLowered, registerSecret } from "./redact.ts";
import { secretParts } from "./secret-parts.ts";

const packed = Buffer.from("anna:correct-horse").toString("base64");

test.each([
  ["Bearer first-part-4455", ["Bearer first-part-4455", "first-part-4455"]],
  ["bearer  second-part-4455 ", ["bearer  second-part-4455 ", "second-part-4455"]],
  ["Token third-part-4455", ["Token third-part-4455", "third-part-4455"]],
  ['Token token="fourth-part"', ['Token token="fourth-part"', "fourth-part"]],
  [`Basic ${packed}`, [`Basic ${packed}`, packed, "anna:correct-horse", "correct-horse"]],
  ["Basic nothing-packed", ["Basic nothing-packed", "nothing-packed"]],
  ["correct horse battery", ["correct horse battery"]],
  ["Bearer abc", ["Bearer abc"]],
  ["plain-key-4455", ["plain-key-4455"]],
])("%j is known by each of its parts", (value, parts) => {
  expect(secretParts(value)).toEqual(parts);
});

test("what stands behind a scheme is redacted by itself, in every form of it", () => {
  registerSecret("Bearer stand-alone/acc+4455");
  registerSecret(`Basic ${packed}`);
  expect(redact("tok=stand-alone/acc+4455 and more")).toBe("tok=[redacted] and more");
  expect(redact(`x ${encodeURIComponent("stand-alone/acc+4455")} y`)).toBe("x [redacted] y");
  expect(redactLowered("invalid stand-alone/acc+4455.")).toBe("invalid [redacted].");
  expect(redact("his correct-horse, and Bearer as a word")).toBe("his [redacted], and Bearer as a word");
});
