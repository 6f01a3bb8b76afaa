import { expect, test } from "vitest";
import { z } from "zod";

import { certificateField, isNearHost, titledChoice } from "./config-fields.ts";

test.each(["localhost", "a.localhost", "127.0.0.1", "::1", "[::1]", "10.1.2.3", "192.168.0.9", "100.64.0.1"])(
  "%s is near",
  (host) => {
    expect(isNearHost(host)).toBe(true);
  },
);

test.each(["example.com", "localhost.example.com", "8.8.8.8", "169.254.169.254", "nas.local", ""])(
  "%j is not said to be near",
  (host) => {
    expect(isNearHost(host)).toBe(false);
  },
);

test("a choice has words for forms, and says what it may be", () => {
  const schema = titledChoice([
    ["a", "First"],
    ["b", "Second"],
  ]);
  expect(schema.parse("b")).toBe("b");
  expect(schema.safeParse("c").error?.issues[0]?.message).toBe('must be "a" or "b"');
  expect(schema.safeParse(undefined).error?.issues[0]?.message).toBe('must be "a" or "b"');
  expect(z.toJSONSchema(schema)).toMatchObject({
    anyOf: [
      { const: "a", title: "First" },
      { const: "b", title: "Second" },
    ],
  });
});

test("a certificate is in PEM form", () => {
  expect(certificateField.safeParse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").success).toBe(
    true,
  );
  expect(certificateField.safeParse("AAAA").success).toBe(false);
});
