import { describe, expect, test } from "vitest";

import { redact, redactValue, registerSecret } from "./redact.ts";

describe("redact", () => {
  test.each([
    [`key sk-ant-${"a1B2".repeat(8)} end`, "key [redacted] end"],
    ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"],
    ["Authorization: Bearer abcdef1234567890abcdef", "Authorization: Bearer [redacted]"],
    ["postgres://user:hunter2@db/x", "postgres://user:[redacted]@db/x"],
    ["DB_PASSWORD=hunter22 next", "DB_PASSWORD=[redacted] next"],
    ['{"apiKey":"abcdef123456"}', '{"apiKey":"[redacted]"}'],
    ["xoxb-1234567890-abcdefghij", "[redacted]"],
  ])("%s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test.each([
    "select the tokens of a sentence",
    "https://example.org/path?x=1",
    "risk-free",
    "the secret garden",
    "at 10:20:30 user@host",
  ])("leaves %j alone", (text) => {
    expect(redact(text)).toBe(text);
  });

  test("a registered secret disappears raw, URL-encoded and in base64", () => {
    const secret = "p@ss word/ü+1";
    registerSecret(secret);
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url"),
    ];
    for (const form of forms) expect(redact(`a ${form} b`)).toBe("a [redacted] b");
  });

  test("values keep their shape, secret fields are masked by name", () => {
    expect(redactValue({ name: "x", apiKey: "1", list: [{ password: "2", ok: true }], empty: { token: "" } })).toEqual({
      name: "x",
      apiKey: "[redacted]",
      list: [{ password: "[redacted]", ok: true }],
      empty: { token: "" },
    });
  });

  test.each(["x", "a-", "a_", "ab.", "a+b", "://", "token", "password="])(
    "a long run of %j costs time linear in its length",
    (piece) => {
      const text = piece.repeat(100_000);
      const startedAt = performance.now();
      redact(text);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    },
  );
});
