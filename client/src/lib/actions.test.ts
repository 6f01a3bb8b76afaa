import { describe, expect, test } from "vitest";

import {
  actionsOf,
  createActionRegistry,
  groupActions,
  registerActionSearch,
  searchActions,
  type Action,
} from "./actions.ts";
import { matchScore, rankActions } from "./rank-actions.ts";

const action = (id: string, rest: Partial<Action> = {}): Action => ({
  id,
  label: id,
  group: "Apps",
  run: () => undefined,
  ...rest,
});

describe("action registry", () => {
  test("an id registered again replaces the former action and leaves the others", () => {
    const registry = createActionRegistry();
    registry.register([action("a"), action("b")]);
    registry.register([action("a", { label: "new" })]);
    expect(registry.all().map(({ id, label }) => [id, label])).toEqual([
      ["b", "b"],
      ["a", "new"],
    ]);
  });

  test("unregistering removes exactly what was registered, not a later replacement", () => {
    const registry = createActionRegistry();
    const unregister = registry.register([action("a"), action("b")]);
    registry.register([action("a", { label: "new" })]);
    unregister();
    expect(registry.all().map(({ label }) => label)).toEqual(["new"]);
  });

  test("listeners hear of every change until they leave", () => {
    const registry = createActionRegistry();
    let calls = 0;
    const leave = registry.subscribe(() => (calls += 1));
    const unregister = registry.register([action("a")]);
    unregister();
    leave();
    registry.register([action("b")]);
    expect(calls).toBe(2);
  });

  test("actions on a thing list dangerous ones last", () => {
    const list = [
      action("delete", { subject: "app:x", isDangerous: true }),
      action("start", { subject: "app:x" }),
      action("other", { subject: "app:y" }),
    ];
    expect(actionsOf(list, "app:x").map(({ id }) => id)).toEqual(["start", "delete"]);
  });

  test("groups keep the order of their first action", () => {
    const list = [action("1", { group: "B" }), action("2", { group: "A" }), action("3", { group: "B" })];
    expect(groupActions(list).map(({ group, actions }) => [group, actions.length])).toEqual([
      ["B", 2],
      ["A", 1],
    ]);
  });

  test("a search that fails does not hide what the others find", async () => {
    const leave = [
      registerActionSearch({ id: "broken", group: "x", search: () => Promise.reject(new Error("down")) }),
      registerActionSearch({ id: "good", group: "y", search: (text) => Promise.resolve([action(`found ${text}`)]) }),
    ];
    const found = await searchActions("npm", AbortSignal.timeout(1000));
    for (const stop of leave) stop();
    expect(found.map(({ id }) => id)).toEqual(["found npm"]);
    expect(await searchActions("npm", AbortSignal.timeout(1000))).toEqual([]);
  });
});

describe("palette ranking", () => {
  const list = [
    action("1", { label: "Restart blog" }),
    action("2", { label: "Start blog" }),
    action("3", { label: "Go to Logs", group: "Go to" }),
    action("4", { label: "Hidden blog", isHidden: true }),
  ];

  test("every word must occur", () => {
    expect(matchScore(list[0] ?? action("x"), "blog shop")).toBe(0);
  });

  test("the start of a label counts more than its middle; hidden actions never show", () => {
    expect(rankActions(list, "start blog", []).map(({ id }) => id)).toEqual(["2", "1"]);
  });

  test("without a query recently used ones come first and the rest keeps its order", () => {
    expect(rankActions(list, " ", ["3"]).map(({ id }) => id)).toEqual(["3", "1", "2"]);
  });
});
