import { setTimeout as sleep } from "node:timers/promises";

import type { Page } from "@playwright/test";

import { expect } from "./test.ts";

/** Counts what the page is told about sizes; to be called before it is opened. */
export async function countResizes(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const Observer = globalThis.ResizeObserver;
    const counted = globalThis as { resizesTold?: number };
    counted.resizesTold = 0;
    globalThis.ResizeObserver = class extends Observer {
      constructor(callback: ResizeObserverCallback) {
        super((entries, observer) => {
          counted.resizesTold = (counted.resizesTold ?? 0) + 1;
          callback(entries, observer);
        });
      }
    };
  });
}

/** A page in which nothing happens measures nothing, frame for frame, for ever. */
export async function expectAtRest(page: Page): Promise<void> {
  const told = () => page.evaluate(() => (globalThis as { resizesTold?: number }).resizesTold ?? -1);
  await expect
    .poll(async () => {
      const before = await told();
      expect(before).toBeGreaterThanOrEqual(0);
      await sleep(500);
      return (await told()) - before;
    })
    .toBeLessThan(5);
}
