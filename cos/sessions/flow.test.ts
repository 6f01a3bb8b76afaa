import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { decodeFrame, encodeFrame, frameKinds, packSize, unpackSize } from "../../contract/terminal-frames.ts";
import { createCreditWindow, windowBytes } from "./credit-window.ts";
import { createOutputRing } from "./output-ring.ts";
import { createSendPacer } from "./send-pacer.ts";
import { createViewer, stalledAfterMs, type Viewer } from "./viewer.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a frame comes back as it was", () => {
  fc.assert(
    fc.property(
      fc.nat(4_294_967_295),
      fc.uint8Array(),
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.nat(),
      (viewer, data, offset, extra) => {
        const frame = decodeFrame(encodeFrame(frameKinds.output, viewer, data, offset, extra));
        expect(frame).toEqual({ kind: frameKinds.output, viewer, offset, extra, data });
      },
    ),
  );
  expect(decodeFrame(new Uint8Array(23))).toBeNull();
  expect(unpackSize(packSize(1000, 2))).toEqual({ cols: 1000, rows: 2 });
});

test("output after a quiet spell and small bursts go at once, the rest together", () => {
  let sent = 0;
  const pacer = createSendPacer(() => {
    sent += 1;
  }, clock);
  pacer.offer(10, 1e6);
  expect(sent).toBe(1);
  for (let turn = 0; turn < 4; turn += 1) pacer.offer(10, 1e6);
  expect(sent).toBe(5);
  for (let turn = 0; turn < 50; turn += 1) pacer.offer(10, 1e6);
  expect(sent).toBe(5);
  vi.advanceTimersByTime(8);
  expect(sent).toBe(6);
  pacer.offer(2000, 1e6);
  expect(sent).toBe(6);
  pacer.offer(1e6, 1e6);
  expect(sent).toBe(7);
});

test("the window follows the speed of the viewer so that output waits about 60 ms", () => {
  for (const [bytesPerMs, least, most] of [
    [500, windowBytes.least, 65_536],
    [20_000, windowBytes.most / 2, windowBytes.most],
  ] as const) {
    const window = createCreditWindow(() => performance.now());
    for (let round = 0; round < 200; round += 1) {
      const piece = Math.floor(window.size / 4);
      const queue: number[] = [];
      while (window.owed < window.size) {
        window.sent(piece);
        queue.push(piece);
      }
      window.limited();
      for (const bytes of queue) {
        vi.advanceTimersByTime(Math.max(1, Math.round(bytes / bytesPerMs)));
        window.processed(bytes);
      }
    }
    expect(window.owed).toBe(0);
    expect(window.size).toBeGreaterThanOrEqual(least);
    expect(window.size).toBeLessThanOrEqual(most);
  }
});

function viewing() {
  const ring = createOutputRing(2 * 1024 * 1024);
  const frames: NonNullable<ReturnType<typeof decodeFrame>>[] = [];
  let rooms = 0;
  const viewer: Viewer = createViewer({
    number: 7,
    ring,
    cols: 80,
    rows: 24,
    from: 0,
    send: (bytes) => {
      const frame = decodeFrame(bytes);
      if (frame) frames.push(frame);
    },
    repaint: () => Promise.resolve({ offset: ring.end, cols: 80, rows: 24, data: Buffer.from("painted") }),
    onRoom: () => {
      rooms += 1;
    },
    clock,
  });
  const print = (bytes: Uint8Array): void => {
    ring.append(bytes);
    viewer.notify();
  };
  return { ring, frames, viewer, print, rooms: () => rooms };
}

test("a viewer gets every byte once, in order, whatever the pieces and the credits", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60_000), fc.nat(20)), { maxLength: 30 }), (steps) => {
      const { frames, viewer, print } = viewing();
      let printed = 0;
      for (const [length, waitMs] of steps) {
        if (viewer.isFull) viewer.credit(1e9);
        print(Buffer.alloc(length, printed % 251));
        printed += length;
        vi.advanceTimersByTime(waitMs);
      }
      viewer.credit(1e9);
      vi.advanceTimersByTime(100);
      viewer.credit(1e9);
      let next = 0;
      for (const { offset, data } of frames) {
        expect(offset).toBe(next);
        next += data.length;
      }
      expect(next).toBe(printed);
    }),
  );
});

test("a viewer that acknowledges nothing is full, then stalled, then holds nobody back", () => {
  const { frames, viewer, print, rooms } = viewing();
  for (let turn = 0; turn < 40; turn += 1) {
    print(Buffer.alloc(32_768));
    vi.advanceTimersByTime(10);
  }
  expect(viewer.isFull).toBe(true);
  expect(viewer.isActive).toBe(true);
  const sent = frames.reduce((sum, { data }) => sum + data.length, 0);
  expect(sent).toBeLessThanOrEqual(windowBytes.most + 262_144);
  vi.advanceTimersByTime(stalledAfterMs + 1);
  expect(viewer.isActive).toBe(false);
  viewer.credit(sent);
  expect(viewer.isActive).toBe(true);
  for (let turn = 0; turn < 10; turn += 1) {
    vi.advanceTimersByTime(20);
    viewer.credit(1e9);
  }
  expect(viewer.isFull).toBe(false);
  expect(rooms()).toBeGreaterThan(0);
});

test("a viewer that fell out of the ring gets a repaint and how much it missed", async () => {
  const { frames, viewer, print, ring } = viewing();
  for (let turn = 0; turn < 100; turn += 1) {
    print(Buffer.alloc(65_536));
    vi.advanceTimersByTime(10);
  }
  const sent = frames.reduce((sum, { data }) => sum + data.length, 0);
  viewer.credit(sent);
  await vi.advanceTimersByTimeAsync(1000);
  const last = frames.at(-1);
  expect(last?.kind).toBe(frameKinds.repaint);
  expect(last?.offset).toBe(ring.end);
  expect(last?.extra).toBe(ring.end - sent);
  expect(Buffer.from(last?.data ?? []).toString()).toBe("painted");
});
