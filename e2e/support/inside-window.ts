import { expect, type Locator } from "@playwright/test";

/** Expects all of an element to lie inside the window once it has arrived there. */
export async function expectInsideWindow(element: Locator): Promise<void> {
  await expect(element).toBeVisible();
  await expect(async () => {
    const { box, window } = await element.evaluate((node) => {
      const { left, top, right, bottom } = node.getBoundingClientRect();
      return { box: { left, top, right, bottom }, window: { width: innerWidth, height: innerHeight } };
    });
    expect(box.left).toBeGreaterThanOrEqual(0);
    expect(box.top).toBeGreaterThanOrEqual(0);
    expect(box.right).toBeLessThanOrEqual(window.width);
    expect(box.bottom).toBeLessThanOrEqual(window.height);
  }).toPass({ timeout: 3_000 });
}
