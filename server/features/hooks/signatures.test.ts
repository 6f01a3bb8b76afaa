import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { hookKindSchema } from "../../../contract/features/hooks.ts";
import { newHookSecret } from "./hook-record.ts";
import { proveMessage, signMessage, type RawMessage } from "./signatures.ts";

const rules = { tokenHeader: "x-webhook-token", toleranceSeconds: 300 };

/** Examples the vendors publish. */
describe("published examples are recognised", () => {
  test("GitHub", () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const message = { headers: { "x-hub-signature-256": signature }, body: Buffer.from("Hello, World!") };
    expect(proveMessage(message, { ...rules, kind: "github" }, ["It's a Secret to Everybody"], 0)).toMatchObject({
      ok: true,
    });
  });

  test("Slack", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    };
    const message = { headers, body: Buffer.from(body) };
    const secrets = ["8f742231b10e8888abcd99yyyzzz85a5"];
    expect(proveMessage(message, { ...rules, kind: "slack" }, secrets, 1_531_420_700_000)).toMatchObject({ ok: true });
    expect(proveMessage(message, { ...rules, kind: "slack" }, secrets, 1_531_421_000_000)).toMatchObject({
      reason: "too_old",
    });
  });

  test("Standard Webhooks, under both names of its headers", () => {
    const body = Buffer.from('{"test": 2432232314}');
    const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
    for (const name of ["webhook", "svix"]) {
      const headers = {
        [`${name}-id`]: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        [`${name}-timestamp`]: "1614265330",
        [`${name}-signature`]: "v1a,other v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      };
      expect(proveMessage({ headers, body }, { ...rules, kind: "standard" }, secrets, 1_614_265_330_000)).toMatchObject(
        { ok: true },
      );
    }
  });
});

describe.each(hookKindSchema.options)("%s", (kind) => {
  const secret = newHookSecret(kind);
  const nowMs = Date.parse("2026-05-05T12:00:00Z");
  const judge = (message: RawMessage, at = nowMs, secrets = [secret]) =>
    proveMessage(message, { ...rules, kind }, secrets, at);
  const signed = (body: Buffer): RawMessage => ({
    body,
    headers: signMessage(body, { ...rules, kind }, secret, { nowMs, id: "m-1" }),
  });

  test("what was signed is proved, with the former secret too; another secret proves nothing", () => {
    const message = signed(Buffer.from('{"a":1}'));
    expect(judge(message)).toMatchObject({ ok: true, secretAt: 0 });
    expect(judge(message, nowMs, [newHookSecret(kind), secret])).toMatchObject({ ok: true, secretAt: 1 });
    expect(judge(message, nowMs, [newHookSecret(kind)])).toMatchObject({ ok: false, reason: "bad_signature" });
    expect(judge(message, nowMs, [])).toMatchObject({ ok: false, reason: "bad_signature" });
    expect(judge({ ...message, headers: {} })).toMatchObject({ ok: false, reason: "no_signature" });
  });

  test.runIf(kind !== "github" && kind !== "token")("a time too far behind or ahead is refused", () => {
    const message = signed(Buffer.from("x"));
    expect(judge(message, nowMs + 299_000)).toMatchObject({ ok: true });
    expect(judge(message, nowMs + 302_000)).toMatchObject({ reason: "too_old" });
    expect(judge(message, nowMs - 302_000)).toMatchObject({ reason: "too_new" });
  });

  test("a changed byte of the body or of a header proves nothing any more", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, by) => {
          const message = signed(Buffer.from(bytes));
          expect(judge(message).ok).toBe(true);
          const other = Buffer.from(bytes);
          other[at % other.length] = (other[at % other.length] ?? 0) ^ by;
          if (kind !== "token") expect(judge({ ...message, body: other }).ok).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
    for (const [name, value] of Object.entries(signed(Buffer.from("x")).headers)) {
      if (/event|delivery/.test(name)) continue; // GitHub does not sign them
      const at = Math.max(0, value.length - 12);
      const changed = value.slice(0, at) + (value[at] === "5" ? "6" : "5") + value.slice(at + 1);
      const headers = { ...signed(Buffer.from("x")).headers, [name]: changed };
      expect(judge({ headers, body: Buffer.from("x") }).ok).toBe(false);
      const twice = { ...signed(Buffer.from("x")).headers, [name]: `${value}, ${value}` };
      if (kind === "stripe" || kind === "standard") continue; // those may list several signatures
      expect(judge({ headers: twice, body: Buffer.from("x") }).ok).toBe(false);
    }
  });

  test("whatever stands in the headers, it is refused without an exception", () => {
    const names = [
      "x-hub-signature-256",
      "x-slack-signature",
      "x-slack-request-timestamp",
      "stripe-signature",
      "webhook-id",
    ];
    const name = fc.constantFrom(...names, "webhook-timestamp", "webhook-signature", "x-webhook-token");
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom("sha256=", "v0=zz", "t=1,t=2,v1=", "v1,", `sha256=${"0".repeat(64)}`, "1"),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (headers) => {
        expect(judge({ headers, body: Buffer.from("x") }).ok).toBe(false);
      }),
    );
  });
});
