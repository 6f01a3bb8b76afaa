import { describe, expect, it } from "vitest";

import type { EventKind } from "../../../../contract/features/events.ts";
import { fieldsOfEvents, withCondition } from "./event-kinds.ts";

const kind = (
  name: EventKind["name"],
  fields: string[],
  example: EventKind["example"],
  last: EventKind["last"] = null,
) => ({
  name,
  title: name,
  description: "",
  data: { type: "object", properties: Object.fromEntries(fields.map((field) => [field, { description: field }])) },
  outside: [],
  example,
  last,
});

describe("fields of events", () => {
  it("are those all chosen ones have, with the value of the newest event", () => {
    const data = { appId: "blog", appName: "Blog" };
    const last = { id: "ev-1", name: "app.stopped", at: "2026-11-22T10:00:00Z", data, causes: [], starts: [] } as const;
    const kinds = [
      kind("app.started", ["appId", "appName"], { appId: "shop", appName: "Shop" }),
      kind("app.stopped", ["appId", "appName"], {}, { ...last, causes: [], starts: [] }),
      kind("run.failed", ["appId", "title"], { appId: "shop", title: "x" }),
    ];
    expect(fieldsOfEvents(kinds, ["app.started", "run.failed"]).map(({ name, sample }) => [name, sample])).toEqual([
      ["appId", "shop"],
    ]);
    expect(fieldsOfEvents(kinds, ["app.started", "app.stopped"]).map(({ sample }) => sample)).toEqual(["blog", "Blog"]);
    expect(fieldsOfEvents(kinds, [])).toEqual([]);
  });
});

describe("a condition", () => {
  it("is written as JMESPath and added to those there are", () => {
    expect(withCondition(null, "appName", "Ada's shop")).toBe("data.appName == 'Ada\\'s shop'");
    expect(withCondition("data.bytes > `1`", "isTest", false)).toBe("data.bytes > `1` && data.isTest == `false`");
    expect(withCondition("", "appId", null)).toBe("data.appId == `null`");
  });
});
