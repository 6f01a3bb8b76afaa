import { expect, test } from "vitest";

import type { GatewayCode } from "../../../contract/features/connectors.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { DeliveryTry } from "../../connectors/framework/outbox/deliverer.ts";
import { deliverThrough } from "./deliver-messages.ts";

const message: DeliveryTry = {
  id: "d1",
  attempt: 3,
  connector: "slack",
  operation: "send-message",
  input: { text: "hello" },
  idempotencyKey: "k1",
  orderingKey: null,
  caller: { kind: "automation", name: "Nightly" },
  correlationId: "0123456789ab",
  signal: new AbortController().signal,
};

interface Scene {
  hold?: GatewayError;
  failure?: Error;
}

/** What becomes of the message, and what was asked of the gateway. */
async function deliver({ hold, failure }: Scene) {
  const delivered: unknown[] = [];
  const kept: unknown[] = [];
  const send = deliverThrough(
    {
      holdOf: () => Promise.resolve(hold ?? null),
      async deliver(sent, { keep, ...delivery }) {
        delivered.push([sent.input, delivery]);
        if (failure !== undefined) throw failure;
        const given = { output: { ok: true }, evidenceId: "e1" };
        await keep?.(given);
        return { ...given, trust: "external", path: [], isDryRun: false };
      },
    },
    (reply) => {
      kept.push(reply);
      return Promise.resolve();
    },
  );
  return { result: await send(message), delivered, kept };
}

const failing = (code: GatewayCode, more: { isFinal?: boolean; askedMs?: number } = {}): GatewayError =>
  new GatewayError(code, `It is ${code}`, { hint: "Wait.", ...more });

test("a message goes through the gateway with its delivery and key, and what came back is kept", async () => {
  const { result, delivered, kept } = await deliver({});
  expect(result).toEqual({ ok: true });
  expect(delivered).toEqual([[message.input, { id: "d1", attempt: 3, idempotencyKey: "k1" }]]);
  expect(kept).toMatchObject([{ idempotencyKey: "k1", output: { ok: true }, evidenceId: "e1" }]);
});

test.each<GatewayCode>(["offline", "disabled", "not_configured", "rate_limited"])(
  "while it is %s it waits, without a try that counts",
  async (code) => {
    const { result, delivered } = await deliver({ hold: failing(code) });
    expect(result).toEqual({ ok: false, isHeld: true, reason: `It is ${code}`, pauseMs: 60_000 });
    expect(delivered).toEqual([]);
    expect((await deliver({ failure: failing(code, { askedMs: 5_000 }) })).result).toMatchObject({
      isHeld: true,
      pauseMs: 5_000,
    });
  },
);

test("quiet hours are waited for, any other refusal of the policy is for good", async () => {
  expect((await deliver({ hold: failing("refused_by_policy") })).result).toMatchObject({ isHeld: true });
  const { result } = await deliver({ failure: failing("refused_by_policy", { isFinal: true }) });
  expect(result).toMatchObject({ ok: false, isFinal: true });
});

test.each<[GatewayCode, boolean]>([
  ["unknown_connector", true],
  ["unknown_operation", true],
  ["invalid_params", true],
  ["refused_by_guard", true],
  ["too_large", true],
  ["reply_invalid", true],
  ["timeout", false],
  ["upstream_failed", false],
  ["circuit_open", false],
  ["cancelled", false],
])("a failure %s is final: %s", async (code, isFinal) => {
  const failure = failing(code, { askedMs: 700 });
  failure.evidenceId = "e0000000000000000009";
  expect((await deliver({ failure })).result).toEqual({
    ok: false,
    isFinal,
    failure: { code, message: `It is ${code}`, evidenceId: failure.evidenceId },
    askedMs: 700,
  });
});

test("what nobody expected may pass, and is tried again", async () => {
  expect((await deliver({ failure: new TypeError("x is not a function") })).result).toMatchObject({
    ok: false,
    isFinal: false,
    failure: { code: "upstream_failed" },
  });
});
