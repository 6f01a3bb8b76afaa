import { describe, expect, test } from "vitest";

import type { Task } from "../../../contract/features/tasks.ts";
import type { TasksFile } from "./task-record.ts";
import { sampleFile, sampleTask } from "./testing/sample-task.ts";
import { sync } from "./testing/sync-text.ts";

const review = (values: Record<string, string | number | boolean | string[]>, version: number | null = null) => ({
  promptId: "review",
  version,
  values,
});
const withTask = (file: TasksFile, change: Partial<Task>): TasksFile => ({
  ...file,
  tasks: file.tasks.map((task) => ({ ...task, ...change })),
});
const only = (file: TasksFile): Task | undefined => file.tasks[0];
const start = (given: Partial<Task>) =>
  sync("", sampleFile([sampleTask({ id: "task-a0000000", title: "Look", ...given })]));

describe("the prompt of a task in TASKS.md", () => {
  test("is named by the line, with its values below; not a byte changes", () => {
    const text =
      "* [ ] Look at the login #review @shop %review\r\n    %focus: who may come in\r\n\r\n    %files: a.ts\r\n    %files: b.ts\r\n    %depth: 3\r\n\r\n    Be kind.\r\n    %not: a value\r\n";
    const { file, text: after } = sync(text, sampleFile([]));
    expect(after).toBe(text);
    expect(only(file)).toMatchObject({
      title: "Look at the login",
      template: review({ focus: "who may come in", files: "a.ts\nb.ts", depth: "3" }),
      instructions: "Be kind.\n%not: a value",
    });
  });

  test("without one, lines like values are instructions", () => {
    const text = "- [ ] Look\n  %focus: x\n";
    const { file, text: after } = sync(text, sampleFile([]));
    expect(after).toBe(text);
    expect(only(file)).toMatchObject({ template: null, instructions: "%focus: x" });
  });

  test("given on the board it is written, with values of every kind, and taken out again", () => {
    const template = review({ focus: "one\ntwo", deep: true, most: 3, files: ["a", "b"], none: "" });
    const written = start({ template, instructions: "%focus: is no value\nSo." });
    expect(written.text).toContain(
      "- [ ] Look %review <!-- task-a0000000 -->\n  %deep: yes\n  %files: a\n  %files: b\n  %focus: one\n  %focus: two\n  %most: 3\n  %none:\n  \\%focus: is no value\n  So.\n",
    );
    expect(only(written.file)).toMatchObject({ template, instructions: "%focus: is no value\nSo." });
    const without = sync(written.text, withTask(written.file, { template: null }));
    expect(without.text).toContain("- [ ] Look <!-- task-a0000000 -->\n  %focus: is no value\n  So.\n");
  });

  test("the look of what stands below a task stays when only its prompt is chosen", () => {
    const first = sync("- [ ] Look\n\n      Deep.\n\n\n      Deeper.\n", sampleFile([]));
    const after = sync(first.text, withTask(first.file, { template: review({}) }));
    expect(after.text.replace(/ <!--.*-->/, "")).toBe("- [ ] Look %review\n\n      Deep.\n\n\n      Deeper.\n");
  });

  test("changed by hand: values, version and kind of what was not touched stay", () => {
    const begun = start({ template: review({ most: 3, files: ["a", "b"], focus: "x" }, 7) });
    const edited = sync(begun.text.replace("%focus: x", "%focus: y"), begun.file);
    expect(only(edited.file)?.template).toEqual(review({ most: 3, files: ["a", "b"], focus: "y" }, 7));
    const fewer = sync(edited.text.replace("  %most: 3\n", ""), edited.file);
    expect(only(fewer.file)?.template).toEqual(review({ files: ["a", "b"], focus: "y" }, 7));
    const other = sync(fewer.text.replace("%review <", "%explain <"), fewer.file);
    expect(only(other.file)?.template).toEqual({
      promptId: "explain",
      version: null,
      values: { files: ["a", "b"], focus: "y" },
    });
    const none = sync(other.text.replace(" %explain <", " <"), other.file);
    expect(only(none.file)).toMatchObject({ template: null, instructions: "%files: a\n%files: b\n%focus: y" });
  });

  test("changed on both sides: values of both; where they clash the file counts and the board's is told", () => {
    const begun = start({ template: review({ one: "a", two: "b", three: "c" }) });
    const board = withTask(begun.file, { template: review({ one: "board", two: "board", three: "c" }) });
    const after = sync(begun.text.replace("%two: b", "%two: hand").replace("%three: c", "%three: hand"), board);
    expect(only(after.file)?.template).toEqual(review({ one: "board", two: "hand", three: "hand" }));
    expect(after.text).toContain("%one: board\n");
    expect(after.adoption.clashes.map(({ text }) => text)).toEqual([
      'The value two of "Look" was changed in TASKS.md and on the board at once. TASKS.md counts; the board said: board',
    ]);
  });

  test("taken away on the board while a value was changed by hand it stays, with all its values", () => {
    const begun = start({ template: review({ one: "a", two: "b" }) });
    const after = sync(begun.text.replace("%two: b", "%two: hand"), withTask(begun.file, { template: null }));
    expect(only(after.file)?.template).toEqual(review({ one: "a", two: "hand" }));
    expect(after.adoption.clashes).toHaveLength(1);
  });
});
