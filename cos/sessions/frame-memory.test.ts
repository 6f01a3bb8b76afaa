import { expect, test } from "vitest";

import { frameHeaderBytes } from "../../contract/terminal-frames.ts";
import { giveBackFrame, largestFrameBytes, takeFrame } from "./frame-memory.ts";

test("memory of a large frame is used again once it was given back, never before", () => {
  const first = takeFrame(100_000);
  expect(first).toHaveLength(frameHeaderBytes + 100_000);
  const second = takeFrame(largestFrameBytes);
  expect(second.buffer).not.toBe(first.buffer);
  giveBackFrame(first);
  const third = takeFrame(50_000);
  expect(third.buffer).toBe(first.buffer);
  expect(third).toHaveLength(frameHeaderBytes + 50_000);
  expect(takeFrame(50_000).buffer).not.toBe(first.buffer);
});

test("small frames, and memory of others, are left alone", () => {
  const small = takeFrame(100);
  expect(small).toHaveLength(frameHeaderBytes + 100);
  giveBackFrame(small);
  giveBackFrame(new Uint8Array(5000));
  const next = takeFrame(20_000);
  expect(next.buffer).not.toBe(small.buffer);
});
