import { expect, test } from "vitest";

import type { App } from "../../../../contract/features/apps.ts";
import type { AutomationView } from "../../../../contract/features/automations.ts";
import type { Notification } from "../../../../contract/features/notifications.ts";
import { appCpuSeries } from "./app-usage.ts";
import { homeApps } from "./home-apps.ts";
import { needsItems } from "./needs-items.ts";
import { upcomingViews } from "./upcoming-views.ts";

const app = (id: string, status: App["status"], isArchived = false) => ({ id, status, isArchived }) as App;
const notification = (id: string, link: string | null, needsYou = true) => ({ id, link, needsYou }) as Notification;

const of = (cpuPercent: (number | null)[]) => ({ cpuPercent, memoryBytes: [] });

const view = (id: string, nextDue: string | null, open: unknown[] = []) =>
  ({ automation: { id }, state: { nextDue, open } }) as AutomationView;

test("what needs the user is said once: an app that is down hides the notification about it", () => {
  const items = needsItems(
    [app("blog", "errored"), app("shop", "online"), app("old", "errored", true)],
    [notification("1", "/apps/blog?tab=logs"), notification("2", "/apps/shop"), notification("3", null, false)],
    [{ file: "apps.json", message: "damaged", keptAs: null, at: "" }],
  );
  expect(items.map(({ key }) => key)).toEqual(["data:apps.json", "app:blog", "n:2"]);
});

test("the CPU of an app is the sum of its processes, aligned at the newest value", () => {
  const metrics = {
    stepMs: 1,
    until: "",
    series: { "blog/web": of([1, null, 3]), "blog/worker": of([10, 20]), "blogger/web": of([99]) },
  };
  expect(appCpuSeries(metrics, "blog")).toEqual([1, 10, 23]);
  expect(appCpuSeries(undefined, "blog")).toEqual([]);
});

test("Home shows what runs or is broken before what is stopped, in the order of the list", () => {
  const list = [
    app("a", "stopped"),
    app("b", "online"),
    app("c", "stopped"),
    app("d", "errored"),
    app("e", "online", true),
  ];
  expect(homeApps(list, 3).map(({ id }) => id)).toEqual(["a", "b", "d"]);
  expect(homeApps(list, 9).map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
});

test("what runs now comes before what is due, and what never comes is left out", () => {
  const views = [
    view("later", "2026-12-01T00:00:00Z"),
    view("never", null),
    view("now", null, [{}]),
    view("soon", "2026-11-22T00:00:00Z"),
  ];
  expect(upcomingViews(views).map(({ automation }) => automation.id)).toEqual(["now", "soon", "later"]);
});
