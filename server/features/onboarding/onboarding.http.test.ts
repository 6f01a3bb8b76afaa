import { afterEach, beforeEach, expect, test } from "vitest";

import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.end());

test("a step is done when it is true, stays done, and the list can be put away and brought back", async () => {
  const done = async () =>
    (await app.call("onboarding.get", {})).steps.filter(({ isDone }) => isDone).map(({ id }) => id);
  expect(await done()).toEqual([]);
  const { id } = await app.call("backups.create", {});
  expect(await done()).toEqual(["make-backup"]);
  await app.call("backups.remove", { params: { id } });
  expect(await done()).toEqual(["make-backup"]);
  expect((await app.call("onboarding.dismiss", { body: { isDismissed: true } })).isDismissed).toBe(true);
  expect((await app.call("onboarding.dismiss", { body: { isDismissed: false } })).isDismissed).toBe(false);
});
