import { describe, expect, it } from "vitest";

import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import { plainText } from "../../ui/ansi.ts";
import { toVariableInputs, toVariableRows } from "../../ui/variables-editor.tsx";
import { newAction } from "./automation-draft.ts";
import { actionInWords, eventInWords, scheduleInWords } from "./automation-words.ts";
import { putLedgerRow } from "./ledger-rows.ts";
import { appendOutput, emptyOutput, outputParts } from "./output-text.ts";
import { placeOptions, placeValue, type RunAction, typedIn, withPlace, withReference } from "./run-draft.ts";
import { midnights, percentOf } from "./week-position.ts";

const row = (id: string, state: Occurrence["state"]): Occurrence => ({
  id,
  automationId: "au-000000",
  name: "x",
  trigger: "schedule",
  who: null,
  action: "command",
  due: "2026-11-21T12:00:00.000Z",
  dueUntil: null,
  count: 1,
  state,
  reason: null,
  startedAt: null,
  endedAt: null,
  lateMs: null,
  durationMs: null,
  exitCode: null,
  httpStatus: null,
  outputBytes: 0,
});

describe("the ledger on screen", () => {
  const pages = [
    { items: [row("b", "running")], next: "x" },
    { items: [row("a", "failed")], next: null },
  ];

  it("changes a row in its place and puts a new one on top", () => {
    expect(putLedgerRow(pages, row("a", "succeeded"), undefined).map(({ items }) => items[0]?.state)).toEqual([
      "running",
      "succeeded",
    ]);
    expect(putLedgerRow(pages, row("c", "running"), undefined)[0]?.items.map(({ id }) => id)).toEqual(["c", "b"]);
  });

  it("drops a row that the filter excludes now and ignores one that never fitted", () => {
    expect(putLedgerRow(pages, row("b", "succeeded"), "running")[0]?.items).toEqual([]);
    expect(putLedgerRow(pages, row("c", "failed"), "running")).toEqual(pages);
  });
});

describe("output on screen", () => {
  it("is read as a terminal leaves it: overwritten progress and titles go, lines without control characters stay together", () => {
    const said = "\u001b[31mred\u001b[0m\r\n10 %\r50 %\r100 %\nplain\nlines\ndone \u001b]0;title\u0007✓";
    const shown = outputParts(said).map(({ text, isPlain }) => (isPlain ? text : plainText(text)));
    expect(shown).toEqual(["red", "\n", "100 %", "\nplain\nlines\n", "done ✓"]);
  });

  it("keeps the end of very long output from a whole line on", () => {
    const line = `${"x".repeat(99)}\n`;
    const shown = appendOutput({ ...emptyOutput, text: line.repeat(4_000) }, { text: "last\n", isComplete: true });
    expect(shown.isCut).toBe(true);
    expect(shown.text.startsWith("x".repeat(99))).toBe(true);
    expect(shown.text.endsWith("last\n")).toBe(true);
  });
});

describe("words of the editor", () => {
  it("saves variables as they are, secrets without a value", () => {
    const environment = [
      { name: "A", value: "1", isSecret: false, last4: null },
      { name: "KEY", value: null, isSecret: true, last4: "6789" },
    ];
    expect(toVariableInputs(toVariableRows(environment))).toEqual([
      { name: "A", value: "1", isSecret: false },
      { name: "KEY", isSecret: true },
    ]);
  });

  it("names schedules and actions", () => {
    expect(scheduleInWords({ kind: "interval", everyMs: 5_400_000, anchor: "2026-01-01T00:00:00Z" })).toBe(
      "every 1 h 30 min",
    );
    expect(scheduleInWords({ kind: "once", at: "2026-11-21T09:00", zone: "UTC" })).toBe("once on 2026-11-21 at 09:00");
    const command = { kind: "arguments" as const, arguments: ["echo", "it's", "a b"] };
    expect(actionInWords({ kind: "command", command, folder: "/", timeLimitMs: 1, environment: [] })).toBe(
      "echo 'it'\\''s' 'a b'",
    );
  });

  it("shows the folder a run was given, and lets an app take its place", () => {
    const base = newAction("run");
    if (base.kind !== "run") throw new Error("No run");
    const action: RunAction = { ...base, folder: "/srv/site", isolation: { kind: "worktree" } };
    expect(placeOptions(action, [])).toEqual([{ value: "/srv/site", label: "/srv/site" }]);
    expect(placeOptions({ ...action, appId: "blog" }, [])[0]?.label).toBe("/srv/site (counted for blog)");
    expect(placeValue({ ...action, appId: "blog" })).toBe("/srv/site");
    expect(actionInWords(action)).toContain(" in /srv/site");
    expect(withPlace(action, "/srv/site")).toBe(action);
    expect(withPlace({ ...action, appId: "blog" }, "blog")).toMatchObject({ appId: "blog", folder: null });
    const moved = withPlace(action, "blog");
    expect(moved).toMatchObject({ appId: "blog", folder: null, isolation: { kind: "worktree" } });
    expect(withPlace(moved, null)).toMatchObject({ appId: null, folder: null, isolation: { kind: "none" } });
  });

  it("keeps what was typed for a run while a prompt is tried in its place", () => {
    const action = withReference(newAction("run") as RunAction, null, "Look at yesterday's commits.");
    const typed = typedIn(action) ?? "";
    const tried = withReference(action, { promptId: "review", version: null, values: {} }, typed);
    expect(tried.prompt).toEqual({ kind: "template", promptId: "review", version: null, values: {} });
    expect(typedIn(tried)).toBeNull();
    expect(withReference(tried, null, typedIn(tried) ?? typed)).toEqual(action);
  });

  it("places times within the week", () => {
    const from = new Date(2026, 10, 21, 12).getTime();
    const days = midnights(from, from + 7 * 86_400_000);
    expect(days).toHaveLength(7);
    expect(percentOf(from + 3.5 * 86_400_000, from, from + 7 * 86_400_000)).toBe(50);
  });
});

it("calls events as the form does, and nothing else", () => {
  expect(eventInWords("incident.opened")).toBe("process crashed");
  expect(eventInWords("delivery")).toBeNull();
  const schedule = { kind: "event" as const, events: ["run.failed" as const, "task.done" as const], filter: null };
  expect(scheduleInWords(schedule)).toBe("on agent run failed, task done");
});
