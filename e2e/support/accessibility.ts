import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { expect, type Page } from "@playwright/test";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeViolation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

const widestPhone = 500;

/**
 * Expects no serious or critical violation of the page as it stands, in dark and in light. A phone differs in its
 * layout, not in its colours: it is looked at in dark.
 */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  const isPhone = (page.viewportSize()?.width ?? Infinity) < widestPhone;
  for (const colorScheme of isPhone ? (["dark"] as const) : (["light", "dark"] as const)) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // The page follows the system a moment later; a page with a scheme of its own (the repair page) follows at once.
    await page.waitForFunction((wanted) => {
      const { mantineColorScheme } = document.documentElement.dataset;
      return mantineColorScheme === undefined || mantineColorScheme === wanted;
    }, colorScheme);
    // Colours fade between the schemes; contrast is only true once they have arrived.
    await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== "running"));
    expect(await seriousViolations(page), `${where}, ${colorScheme}`).toEqual([]);
  }
}

async function seriousViolations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => {
      const places = nodes
        .slice(0, 5)
        .map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary ?? ""}`);
      return `${id} (${help})\n${places.join("\n")}`;
    });
}
