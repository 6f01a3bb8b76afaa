import { randomBytes } from "node:crypto";

import { describe, expect, test } from "vitest";

import {
  forgetSecret,
  looksLikeSecret,
  redact,
  redactBehind,
  redactDiff,
  redactLowered,
  redactValue,
  registerSecret,
  unfinishedSecretLength,
} from "./redact.ts";

describe("redact", () => {
  test.each([
    [`key sk-ant-${"a1B2".repeat(8)} end`, "key [redacted] end"],
    ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"],
    ["Authorization: Bearer abcdef1234567890abcdef", "Authorization: Bearer [redacted]"],
    ["postgres://user:hunter2@db/x", "postgres://user:[redacted]@db/x"],
    ["DB_PASSWORD=hunter22 next", "DB_PASSWORD=[redacted] next"],
    ['{"apiKey":"abcdef123456"}', '{"apiKey":"[redacted]"}'],
    ["xoxb-1234567890-abcdefghij", "[redacted]"],
    [
      `https://s.example.com/a?X-Amz-Signature=${"0f".repeat(32)}&b=1`,
      "https://s.example.com/a?X-Amz-Signature=[redacted]&b=1",
    ],
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

  test.each([
    `pk-live-${"a1B2".repeat(8)}`,
    `rk-${"a1B2".repeat(8)}`,
    ...["ghp", "gho", "ghu", "ghs", "ghr"].map((kind) => `${kind}_${"a1B2".repeat(6)}`),
    `github_pat_${"a1B2".repeat(8)}`,
    `glpat-${"a1B2".repeat(5)}`,
    ...["xoxa", "xoxb", "xoxe", "xoxo", "xoxp", "xoxr", "xoxs"].map((kind) => `${kind}-1234567890-ab`),
    "AKIAABCDEFGHIJKLMNOP",
    `AIza${"a1B2".repeat(9)}`,
    `npm_${"a1B2".repeat(9)}`,
    `portos_mcp_${"a1B2".repeat(11)}`,
    `eyJ${"a1B2".repeat(4)}.${"a1B2".repeat(4)}.${"a1B2".repeat(4)}`,
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    "a+b://:hunter22@host",
    "authorization=token abcdef",
    "bearer abcdefghijklmnopqrst",
    "my_passwd: hunter22",
    "access-key=hunter22",
  ])("finds what is in %j", (text) => {
    expect(redact(`x ${text} y`)).toContain("[redacted]");
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

test.each(["\\n", "\\r\\n", "\\t", "\u001b[31m", "\u001b[1;32m"])(
  "a token right behind %j is removed, and that stays",
  (before) => {
    for (const token of ["sk-abcdefghijklmnopqrstuvwx", "ghp_0123456789abcdefghijklmno", "AKIAABCDEFGHIJKLMNOP"])
      expect(redact(`a${before}${token} b`)).toBe(`a${before}[redacted] b`);
    expect(redact(`{"a":"x${before}Authorization: Bearer abcdefghijklmnopqr"}`)).not.toContain("abcdefghijklmnopqr");
    expect(redact(`x${before}https://me:word@host/`)).toBe(`x${before}https://me:[redacted]@host/`);
    expect(redact(`x${before}password=hunter22`)).toBe(`x${before}password=[redacted]`);
  },
);

test.each([
  ["API_TOKEN", "x", true],
  ["GITHUB_TOKEN_2", "x", true],
  ["STRIPE_SECRET", "x", true],
  ["DB_PASS", "x", true],
  ["DB_PWD", "x", true],
  ["PGPASSWORD", "x", true],
  ["AWS_SECRET_ACCESS_KEY", "x", true],
  ["SENTRY_DSN", "x", true],
  ["LINK", "postgres://me:word@host/db", true],
  ["SOME_VALUE", "ghp_0123456789abcdefghijklmno", true],
  ["PWD", "/home/me", false],
  ["PUBLIC_KEY", "x", false],
  ["MAX_TOKENS", "5", false],
  ["KEYBOARD", "us", false],
  ["PATH", "/usr/bin:/bin", false],
  ["NODE_ENV", "production", false],
])("the variable %s with the value %s looks like a secret: %s", (name, value, isSecret) => {
  expect(looksLikeSecret(name, value)).toBe(isSecret);
});

test("the end of a text that may begin a known secret is measured", () => {
  registerSecret("word-of-some-length");
  expect(unfinishedSecretLength("it is word-of-so")).toBe("word-of-so".length);
  expect(unfinishedSecretLength("it is word-of-some-length")).toBe(0);
  expect(unfinishedSecretLength("it is over.")).toBe(0);
  // "e" begins the base64 of this one, which itself ends with it: it is not cut before its end
  const ending = "zx81-in-one-piece";
  registerSecret(ending);
  expect(Buffer.from(ending).toString("base64").startsWith("e")).toBe(true);
  expect(unfinishedSecretLength(`it is ${ending}`)).toBe(ending.length);
});

test("what was put into lower case hides its secrets, too", () => {
  registerSecret("Calm-OTTER-63");
  const key = "AKIA0123456789ABCDEF";
  const text = `Use Calm-OTTER-63 or ${key}, not DB_PASSWORD=hunter22`.toLowerCase();
  expect(redactLowered(text)).toBe("use [redacted] or [redacted], not db_password=[redacted]");
  expect(redactLowered("select the tokens of a sentence")).toBe("select the tokens of a sentence");
});

describe("redactDiff", () => {
  test("hides known secrets, tokens and every line of a private key, and keeps the signs and what code merely names", () => {
    registerSecret("quiet-orchid-77");
    const lines = [
      " const token = readToken(password: string);",
      "-key = quiet-orchid-77",
      "+key = ghp_0123456789abcdefghijklmn",
      "+-----BEGIN PRIVATE KEY-----",
      "+MIIabc",
      "+-----END PRIVATE KEY-----",
      " end",
    ];
    expect(redactDiff(lines)).toEqual([
      lines[0],
      "-key = [redacted]",
      "+key = [redacted]",
      "+[redacted]",
      "+[redacted]",
      "+[redacted]",
      " end",
    ]);
    expect(redactDiff([])).toEqual([]);
  });
});

const token = (): string => randomBytes(900).toString("base64url");

describe("tokens that come and go", () => {
  test("the next text after another one costs the same, however many there were", () => {
    const times: number[] = [];
    for (let count = 0; count < 300; count += 1) {
      const one = token();
      registerSecret(one);
      const startedAt = performance.now();
      expect(redact(`x${count} ${one}`)).toBe(`x${count} [redacted]`);
      times.push(performance.now() - startedAt);
    }
    const last = times.slice(-20).toSorted((a, b) => a - b);
    expect(last[10]).toBeLessThan(20);
  });

  test("those of one place begin alike: each is removed whole, and what only begins so is none", () => {
    const header = Buffer.from(JSON.stringify({ alg: "none", kid: "a-key-of-the-place" })).toString("base64url");
    const [one, longer] = [`${header}~${token()}`, `${header}~${token()}`];
    const longest = `${longer}-and-more`;
    for (const secret of [one, longer, longest]) registerSecret(secret);
    expect(redact(`${longest} ${one} ${longer}`)).toBe("[redacted] [redacted] [redacted]");
    expect(redact(`${header}~nothing of them`)).toBe(`${header}~nothing of them`);
    expect(redact(`a ${Buffer.from(one).toString("base64")} b`)).toBe("a [redacted] b");
    expect(redactLowered(`a ${longest.toLowerCase()} b`)).toBe("a [redacted] b");
    expect(redactDiff([`+${one}`])).toEqual(["+[redacted]"]);
    expect(unfinishedSecretLength(`it is ${one.slice(0, 500)}`)).toBe(500);
    expect(redactBehind(longest.slice(0, 400), `${longest.slice(400)} end`)).toBe("[redacted] end");
  });

  test("two that overlap leave nothing of either", () => {
    const [left, middle, right] = [token(), token(), token()];
    registerSecret(left + middle);
    registerSecret(middle + right);
    expect(redact(`a ${left}${middle}${right} b`)).toBe("a [redacted] b");
  });

  test.each([
    ["long", 900],
    ["short", 12],
  ])(
    "a %s one that was forgotten is a word as any other, and what it shares with another stays removed",
    (_what, size) => {
      const one = `~${randomBytes(size).toString("base64url")}~`;
      const packed = Buffer.from(one).toString("base64");
      expect(registerSecret(one)).toBe(true);
      expect(registerSecret(one)).toBe(false);
      registerSecret(packed);
      forgetSecret(one);
      forgetSecret(one);
      expect(redact(`a ${one} b`)).toBe(`a ${one} b`);
      expect(redactLowered(`a ${one.toLowerCase()} b`)).toBe(`a ${one.toLowerCase()} b`);
      expect(redact(`a ${packed} b`)).toBe("a [redacted] b");
      expect(registerSecret(one)).toBe(true);
      expect(redact(`a ${one} b`)).toBe("a [redacted] b");
    },
  );
});
