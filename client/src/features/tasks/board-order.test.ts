import { describe, expect, test } from "vitest";

import { type Task, taskInputSchema } from "../../../../contract/features/tasks.ts";
import { beforeAt, placeOf, stepFrom, tasksByColumn, withPlaced } from "./board-order.ts";
import { canMoveTo } from "./task-words.ts";

const at = "2026-01-02T03:04:05.000Z";
const all = { text: "", app: "", type: "" };

function task(id: string, state: Task["state"], position: number, more: Partial<Task> = {}): Task {
  return {
    ...taskInputSchema.parse({ title: id }),
    id,
    state,
    position,
    source: { kind: "user", id: "user" },
    createdAt: at,
    updatedAt: at,
    endedAt: null,
    reason: { code: "off", text: "", until: null, at },
    runs: [],
    notBefore: null,
    review: null,
    promptProblem: null,
    ...more,
  };
}

const board = tasksByColumn(
  [task("c", "ready", 3), task("a", "ready", 1), task("b", "ready", 2), task("d", "draft", 1), task("r", "running", 1)],
  all,
);
const ids = (tasks: readonly Task[]): string[] => tasks.map(({ id }) => id);
const isOpen = (column: Parameters<typeof canMoveTo>[1]): boolean => canMoveTo({ state: "ready" }, column);
const anywhere = (): boolean => true;

describe("the board", () => {
  test("has each task in the column of its state, by position; those that ended, the last one first", () => {
    expect(ids(board.ready)).toEqual(["a", "b", "c"]);
    const ended = [
      task("x", "done", 1, { endedAt: "2026-01-01T00:00:00.000Z" }),
      task("y", "failed", 2, { endedAt: at }),
    ];
    expect(ids(tasksByColumn(ended, all).ended)).toEqual(["y", "x"]);
    expect(
      ids(
        tasksByColumn([task("a", "ready", 1, { type: "fix" }), task("b", "ready", 2)], { ...all, type: "fix" }).ready,
      ),
    ).toEqual(["a"]);
  });

  test("shows a task where it would stand", () => {
    const [a] = board.ready;
    expect(placeOf(board, "b")).toEqual({ column: "ready", before: "c" });
    expect(a && ids(withPlaced(board, a, { column: "draft", before: "d" }).draft)).toEqual(["a", "d"]);
    expect(a && ids(withPlaced(board, a, { column: "ready", before: null }).ready)).toEqual(["b", "c", "a"]);
  });

  test("arrow keys move by one place, and over columns that are not open to it", () => {
    expect(stepFrom(board, "b", { column: "ready", before: "c" }, "ArrowUp", anywhere)).toEqual({
      column: "ready",
      before: "a",
    });
    expect(stepFrom(board, "a", { column: "ready", before: "b" }, "ArrowUp", anywhere)).toBeNull();
    expect(stepFrom(board, "b", { column: "ready", before: "c" }, "ArrowDown", anywhere)).toEqual({
      column: "ready",
      before: null,
    });
    expect(stepFrom(board, "a", { column: "ready", before: "b" }, "ArrowLeft", anywhere)).toEqual({
      column: "draft",
      before: "d",
    });
    expect(stepFrom(board, "a", { column: "running", before: null }, "ArrowRight", isOpen)).toEqual({
      column: "ended",
      before: null,
    });
  });

  test("a point belongs before the first task whose middle lies below it", () => {
    const middles = [
      { id: "a", middle: 10 },
      { id: "b", middle: 30 },
    ];
    expect([beforeAt(middles, 5), beforeAt(middles, 20), beforeAt(middles, 40)]).toEqual(["a", "b", null]);
  });
});
