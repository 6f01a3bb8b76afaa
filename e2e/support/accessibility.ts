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

/** What a colour scheme decides; everything else is the same in both. */
const rulesOfColours = ["color-contrast", "link-in-text-block"];

/**
 * Expects no serious or critical violation of the page as it stands: of all rules in dark, of those about colours in
 * light, too. A phone differs in its layout, not in its colours: those are looked at on the desktop.
 */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  const isPhone = (page.viewportSize()?.width ?? Infinity) < widestPhone;
  await showIn(page, "dark");
  if (isPhone) {
    const rules = Object.fromEntries(rulesOfColours.map((rule) => [rule, { enabled: false }]));
    expect(await seriousViolations(page, { rules }), where).toEqual([]);
    return;
  }
  expect(await seriousViolations(page, {}), `${where}, dark`).toEqual([]);
  await showIn(page, "light");
  expect(await seriousViolations(page, { runOnly: rulesOfColours }), `${where}, light`).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
}

async function showIn(page: Page, colorScheme: "dark" | "light"): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  // Asked now and then: asked at each frame, the page would paint more for the question than for itself.
  const polling = 50;
  await page.waitForFunction(
    (wanted) => {
      // The page follows the system a moment later; a page with a scheme of its own (the repair page) follows at once.
      const { mantineColorScheme } = document.documentElement.dataset;
      if (mantineColorScheme !== undefined && mantineColorScheme !== wanted) return false;
      // Colours fade between the schemes; contrast is only true once they have arrived.
      return document.getAnimations().every(({ playState }) => playState !== "running");
    },
    colorScheme,
    { polling },
  );
}

/** What axe is told beside what is wanted of it. */
interface AxeChoice {
  runOnly?: string[];
  rules?: Record<string, { enabled: boolean }>;
}

async function seriousViolations(page: Page, choice: AxeChoice): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async (chosen) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: AxeViolation[] }> } };
    return (await axe.run({ resultTypes: ["violations"], ...chosen })).violations;
  }, choice);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => {
      const places = nodes
        .slice(0, 5)
        .map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary ?? ""}`);
      return `${id} (${help})\n${places.join("\n")}`;
    });
}
