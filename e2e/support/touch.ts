import { expect, type Locator } from "@playwright/test";

const fingerPixels = 44;

/** Expects each of these to be as large as a finger, and to be met where a finger meets it: nothing else lies over it. */
export async function expectTouchable(targets: Locator): Promise<void> {
  await expect(targets.first()).toBeVisible();
  for (const target of await targets.all()) {
    await target.scrollIntoViewIfNeeded();
    const { name, width, height, isMet } = await target.evaluate((element) => {
      const box = element.getBoundingClientRect();
      const x = box.left + box.width / 2;
      const met = [box.top + 2, box.top + box.height / 2, box.bottom - 2].map((y) => document.elementFromPoint(x, y));
      return {
        name: element.textContent,
        width: box.width,
        height: box.height,
        isMet: met.every((one) => one !== null && element.contains(one)),
      };
    });
    expect.soft(Math.round(width), `width of ${name}`).toBeGreaterThanOrEqual(fingerPixels);
    expect.soft(Math.round(height), `height of ${name}`).toBeGreaterThanOrEqual(fingerPixels);
    expect.soft(isMet, `${name} is met`).toBe(true);
  }
}
