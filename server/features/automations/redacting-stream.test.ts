import { expect, it } from "vitest";

import { registerSecret } from "../../../lib/redact.ts";
import { createRedactingStream } from "./redacting-stream.ts";

const secret = "grüße-7f3a91";
const twoLines = "first-line-of-it\nsecond-line-of-it";
registerSecret(secret);
registerSecret(twoLines);

const said = `start ${secret} € ${twoLines}\r\ntoken=abcdefgh1234\nend ${secret}`;
const clean = "start [redacted] € [redacted]\r\ntoken=[redacted]\nend [redacted]";

function through(parts: readonly Uint8Array[], isSettled = false): string {
  const stream = createRedactingStream();
  const out = parts.flatMap((part) => {
    const pushed = stream.push(part);
    return isSettled ? [pushed, stream.settle()] : [pushed];
  });
  return Buffer.concat([...out, stream.end()]).toString();
}

it("takes secrets out wherever the bytes are cut in two", () => {
  const bytes = Buffer.from(said);
  for (let cut = 0; cut <= bytes.length; cut += 1)
    expect(through([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(clean);
});

it("takes secrets out of bytes that come one by one", () => {
  expect(through([...Buffer.from(said)].map((byte) => Uint8Array.of(byte)))).toBe(clean);
});

it("keeps the beginning of a known secret back even when nothing else comes", () => {
  const bytes = Buffer.from(`a ${secret} b ${twoLines}`);
  for (let cut = 0; cut <= bytes.length; cut += 1)
    expect(through([bytes.subarray(0, cut), bytes.subarray(cut)], true)).toBe("a [redacted] b [redacted]");
});

it("lets a line without an end out when nothing else comes", () => {
  const stream = createRedactingStream();
  expect(Buffer.from(stream.push(Buffer.from("Password? "))).toString()).toBe("");
  expect(Buffer.from(stream.settle()).toString()).toBe("Password? ");
  expect(stream.held()).toBe(0);
});

it("hands bytes without a secret on as they are, text or not", () => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256));
  const stream = createRedactingStream();
  const out = [0, 20_000, 40_000].map((from) => stream.push(bytes.subarray(from, from + 20_000)));
  out.push(stream.push(bytes.subarray(60_000)), stream.end());
  expect(Buffer.concat(out).equals(bytes)).toBe(true);
});
