import { createHmac } from "node:crypto";

import { describe, expect, it } from "vitest";

import { signWebhook } from "./sign-webhook.ts";

const message = { id: "msg_1", timestamp: 1_800_000_000, body: '{"a":1}', event: "order.paid" };

function hex(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

describe("signWebhook", () => {
  it("gives the signature of the example that Standard Webhooks publishes", () => {
    // From the reference libraries of github.com/standard-webhooks/standard-webhooks.
    const example = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
    const headers = signWebhook("standard-webhooks", { ...example, event: undefined }, [
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ]);
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("gives the signature of the example that Slack publishes", () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = signWebhook("slack", { ...message, timestamp: 1_531_420_618, body }, [
      "8f742231b10e8888abcd99yyyzzz85a5",
    ]);
    expect(headers["x-slack-signature"]).toBe("v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
    expect(headers["x-slack-request-timestamp"]).toBe("1531420618");
  });

  it("gives the signature of the example that GitHub publishes", () => {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    const headers = signWebhook("github", { ...message, body: "Hello, World!" }, ["It's a Secret to Everybody"]);
    expect(headers).toEqual({
      "x-github-delivery": "msg_1",
      "x-github-event": "order.paid",
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    });
  });

  it("signs with both secrets where receivers can read two", () => {
    expect(signWebhook("standard-webhooks", message, ["one", "two"])["webhook-signature"]?.split(" ")).toHaveLength(2);
    expect(signWebhook("stripe", message, ["one", "two"])).toEqual({
      "stripe-signature": `t=1800000000,v1=${hex("one", `1800000000.${message.body}`)},v1=${hex("two", `1800000000.${message.body}`)}`,
    });
    expect(signWebhook("timestamped", message, ["one", "two"])).toEqual({
      "x-webhook-id": "msg_1",
      "x-webhook-timestamp": "1800000000",
      "x-webhook-signature": `sha256=${hex("one", `1800000000.${message.body}`)},sha256=${hex("two", `1800000000.${message.body}`)}`,
      "x-webhook-event": "order.paid",
    });
  });

  it("writes Shopify's in base64, and Svix's under its own names", () => {
    expect(signWebhook("shopify", message, ["key"])).toEqual({
      "x-shopify-webhook-id": "msg_1",
      "x-shopify-topic": "order.paid",
      "x-shopify-hmac-sha256": createHmac("sha256", "key").update(message.body).digest("base64"),
    });
    expect(Object.keys(signWebhook("svix", message, ["key"]))).toEqual(["svix-id", "svix-timestamp", "svix-signature"]);
  });

  it("tells id and time without a signature", () => {
    expect(signWebhook("none", message, [])).toEqual({ "webhook-id": "msg_1", "webhook-timestamp": "1800000000" });
  });
});
