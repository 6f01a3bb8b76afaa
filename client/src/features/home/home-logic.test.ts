import { expect, test } from "vitest";

import type { App } from "../../../../contract/features/apps.ts";
import type { AutomationView } from "../../../../contract/features/automations.ts";
import type { Incident } from "../../../../contract/internal/autofixer.ts";
import type { Notification } from "../../../../contract/features/notifications.ts";
import { appSeries } from "../../lib/run-app.ts";
import { homeApps } from "./home-apps.ts";
import { appTrouble, needsItems } from "./needs-items.ts";
import { upcomingViews } from "./upcoming-views.ts";

const app = (id: string, status: App["status"], isArchived = false) =>
  ({ id, status, isArchived, processes: [] as unknown }) as App;
const notification = (id: string, link: string | null, needsYou = true) => ({ id, link, needsYou }) as Notification;

const of = (cpuPercent: (number | null)[]) => ({ cpuPercent, memoryBytes: [] });

const view = (id: string, nextDue: string | null, open: unknown[] = []) =>
  ({ automation: { id }, state: { nextDue, open } }) as AutomationView;

test("what needs the user is said once: an app that is down hides the notification about it", () => {
  const items = needsItems(
    [app("blog", "errored"), app("shop", "online"), app("old", "errored", true)],
    [notification("1", "/apps/blog?tab=logs"), notification("2", "/apps/shop"), notification("3", null, false)],
    [{ file: "apps.json", message: "damaged", keptAs: null, at: "" }],
    [],
  );
  expect(items.map(({ key }) => key)).toEqual(["data:apps.json", "app:blog", "n:2"]);
});

const incident = (id: string, appId: string | null, crashes: number, more: object = {}) =>
  ({ id, process: { appId }, crashes, attempts: [], status: "open", openedAt: "", ...more }) as unknown as Incident;

test("an app that is up at the moment but keeps crashing needs the user; one crash alone does not", () => {
  const looping = { ...app("pm2", "online"), processes: [{ live: { isCrashLooping: true } }] } as App;
  expect(appTrouble(looping, [])).toEqual({ kind: "looping", incident: null });
  expect(appTrouble(app("blog", "online"), [])).toBeNull();
  expect(appTrouble(app("blog", "online"), [incident("i", "blog", 2)])).toBeNull();
  expect(appTrouble(app("blog", "online"), [incident("i", "shop", 9)])).toBeNull();
  expect(appTrouble(app("blog", "online"), [incident("i", "blog", 3)])).toMatchObject({ kind: "looping" });
  expect(appTrouble(app("blog", "launching"), [incident("i", "blog", 1, { attempts: [{}] })])).not.toBeNull();
  expect(appTrouble(app("blog", "stopped"), [incident("i", "blog", 9)])).toBeNull();
  expect(appTrouble(app("blog", "errored", true), [incident("i", "blog", 9)])).toBeNull();
});

test("a crash is said once: with its app, not again as a notification", () => {
  const told = { ...notification("1", "/system?tab=incidents&incident=i"), key: "incident:i" };
  const other = { ...notification("2", "/system?tab=incidents&incident=j"), key: "incident:j" };
  const items = needsItems(
    [app("blog", "online")],
    [told, other],
    [],
    [incident("i", "blog", 5), incident("j", null, 5)],
  );
  expect(items.map(({ key }) => key)).toEqual(["app:blog", "n:2"]);
});

test("a question of an agent comes first and is known by its id", () => {
  const question = { ...notification("1", "/approvals?approval=a1"), key: "approval:a1" };
  const items = needsItems([app("blog", "errored")], [notification("2", null), question], [], []);
  expect(items).toMatchObject([{ kind: "question", approvalId: "a1" }, { kind: "app" }, { kind: "notification" }]);
});

test("the CPU of an app is the sum of its processes, aligned at the newest value", () => {
  const metrics = {
    stepMs: 1,
    until: "",
    series: { "blog/web": of([1, null, 3]), "blog/worker": of([10, 20]), "blogger/web": of([99]) },
  };
  const processes = ["blog/web", "blog/worker"].map((key) => ({ live: { key } }));
  const blog = { ...app("blog", "online"), processes: [...processes, { live: null }] } as App;
  expect(appSeries(metrics, blog, "cpuPercent")).toEqual([1, 10, 23]);
  expect(appSeries(undefined, blog, "cpuPercent")).toEqual([]);
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
