import { expect, test } from "vitest";

import { subjectLabel, subjectPage } from "./subject-page.ts";

const known = { apps: new Set(["blog"]), automations: new Set(["nightly"]), terminal: new Set(["t1"]) };
const page = (action: string, subject: string | null) => subjectPage({ action, subject }, known);

test("a thing that exists has a page, one that is gone has none", () => {
  expect(page("apps.restart", "blog")).toBe("/apps/blog");
  expect(page("apps.remove", "shop")).toBeNull();
  expect(page("automations.run", "nightly")).toBe("/automations/nightly");
  expect(page("automations.remove", "weekly")).toBeNull();
  expect(page("terminal.kill", "t1")).toBe("/terminal?session=t1");
  expect(page("terminal.close", "t2")).toBeNull();
  expect(page("runs.stop", "run-0123abcd4567")).toBe("/agents/run-0123abcd4567");
  expect(page("runs.create", "Fix the tests")).toBeNull();
  expect(page("connectors.enable", "web-fetch")).toBe("/connectors/web-fetch");
  expect(page("connectors.resetBreaker", "https://example.com")).toBe("/connectors");
  expect(page("connectors.setMode", null)).toBe("/connectors");
  expect(page("outbox.retry", "d0123456789abcdefghi")).toBe("/connectors?tab=queue");
  expect(page("trust.put", null)).toBe("/connectors?tab=trust");
  expect(page("hooks.remove", "hk-1")).toBe("/connectors?tab=webhooks");
  expect(page("browser.closeTab", "blog")).toBeNull();
});

test("a subject is called by its name, else by its id", () => {
  expect(subjectLabel({ subject: "blog", subjectName: "My blog" })).toBe("My blog");
  expect(subjectLabel({ subject: "blog", subjectName: null })).toBe("blog");
  expect(subjectLabel({ subject: null, subjectName: null })).toBeNull();
});
