import {
  array,
  assert,
  constantFrom,
  dictionary,
  integer,
  oneof,
  option,
  property,
  record,
  string,
  stringMatching,
  subarray,
  tuple,
  uniqueArray,
} from "fast-check";
import { describe, expect, test } from "vitest";

import type { Task, TaskState } from "../../../contract/features/tasks.ts";
import { toldFields } from "./file-entry.ts";
import { formatDocument, itemsOf, parseDocument } from "./task-document.ts";
import type { TasksFile } from "./task-record.ts";
import { cleanInstructions, cleanTitle } from "./task-text.ts";
import { sampleFile, sampleTask, sampleTime } from "./testing/sample-task.ts";
import { adopt, sync } from "./testing/sync-text.ts";

/** Changes the boxes of tasks, not those of the explanation above them. */
function mark(text: string, name: string, box: string): string {
  return text.replace(new RegExp(`^(- )\\[.\\](.*${name})`, "m"), `$1[${box}]$2`);
}

const titlesOf = (file: Pick<TasksFile, "tasks">): string[] => file.tasks.map(({ title }) => title);
const id = (name: string): string => `task-${name.padEnd(8, "0")}`;

describe("TASKS.md", () => {
  test("check boxes become tasks, with the lines indented below as instructions; the file stays as it is", () => {
    const text =
      "\uFEFF# Mine\r\n\r\n* [ ] One #fix !high @shop\r\n\tDo it.\r\n\r\n\t- [ ] a part\r\nA note\r\n1. [~] Two\r\n- [x] Old";
    const { adoption, text: after } = sync(text, sampleFile([]));
    expect(after).toBe(text);
    expect(adoption.next.tasks).toMatchObject([
      {
        title: "One",
        type: "fix",
        priority: "high",
        appId: "shop",
        state: "ready",
        instructions: "Do it.\n\n- [ ] a part",
      },
      { title: "Two", type: "feature", state: "draft", instructions: "" },
    ]);
  });

  test("an example in a code fence or a comment is no task; a fence that is not closed is none", () => {
    const text = "```\n- [ ] no\n```\n<!--\n- [ ] no\n-->\n- [ ] yes\n```\n- [ ] yes too\n";
    expect(titlesOf(sync(text, sampleFile([])).file)).toEqual(["yes", "yes too"]);
  });

  test("a task of the board comes below the one before it, in the look of that one", () => {
    const first = sync("## Shop\n\n+ [ ] One\n+ [ ] Two\n\n## Notes\nText", sampleFile([]));
    const added = sampleTask({
      id: id("three"),
      title: "Three",
      type: "fix",
      position: first.file.tasks.reduce((sum, { position }) => sum + position / 2, 0),
      instructions: "So.\n\nAnd so.",
    });
    const after = sync(first.text, { ...first.file, tasks: [...first.file.tasks, added] });
    const [one, two] = first.file.tasks;
    expect(after.text).toBe(
      `## Shop\n\n+ [ ] One <!-- ${one?.id} -->\n+ [ ] Three #fix <!-- ${added.id} -->\n  So.\n\n  And so.\n+ [ ] Two <!-- ${two?.id} -->\n\n## Notes\nText`,
    );
  });

  test("no title and no instructions can bring in a second task, or take the id of another", () => {
    const evil = [
      sampleTask({
        id: id("a"),
        title: cleanTitle("x\n- [ ] y\r- [ ] z"),
        instructions: "- [x] b <!-- task-b0000000 -->\n# c",
      }),
      sampleTask({ id: id("b"), title: "b <!-- task-a0000000 -->", instructions: "```\n<!--" }),
    ];
    const { text, file } = sync("", sampleFile(evil));
    expect(itemsOf(parseDocument(text)).map((item) => item.id)).toEqual([id("a"), id("b")]);
    const again = sync(`${text}\n- [ ] by hand\n`, file);
    expect(titlesOf(again.file)).toEqual(["x - [ ] y - [ ] z", "b <!-- task-a0000000 -->", "by hand"]);
  });

  test("ticking is done, unticking is ready again, a tilde is a draft, a dash is cancelled", () => {
    const start = sync(
      "",
      sampleFile([sampleTask({ id: id("a") }), sampleTask({ id: id("b") }), sampleTask({ id: id("c") })]),
    );
    const edited = mark(mark(mark(start.text, id("a"), "X"), id("b"), "~"), id("c"), "-");
    const after = sync(edited, start.file);
    expect(after.text).toBe(edited);
    expect(after.file.tasks.map(({ state }) => state)).toEqual(["done", "draft", "cancelled"]);
    expect(after.file.tasks[0]).toMatchObject({
      endedAt: sampleTime,
      reason: { code: "ended", text: "Marked as done by hand in TASKS.md." },
    });
    const again = sync(
      [id("a"), id("b"), id("c")].reduce((text, name) => mark(text, name, " "), edited),
      after.file,
    );
    expect(again.file.tasks.map(({ state, endedAt }) => [state, endedAt])).toEqual([
      ["ready", null],
      ["ready", null],
      ["ready", null],
    ]);
  });

  test("what runs keeps its mark: by hand it can be ended, not set back or set going", () => {
    const start = sync("", sampleFile([sampleTask({ id: id("a"), state: "running" }), sampleTask({ id: id("b") })]));
    expect(start.text).toContain("- [/] Task task-a");
    const back = sync(mark(mark(start.text, id("a"), " "), id("b"), "/"), start.file);
    expect(back.text).toBe(start.text);
    expect(back.file.tasks.map(({ state }) => state)).toEqual(["running", "ready"]);
    const ended = adopt(mark(start.text, id("a"), "x"), start.file);
    expect(ended.ended).toMatchObject([{ id: id("a"), state: "running" }]);
  });

  test("a line that is gone deletes its task; put back it brings the task back", () => {
    const start = sync("- [ ] One\n- [ ] Two\n- [ ] Three\n", sampleFile([]));
    const shorter = "- [ ] One\n- [ ] Three\n";
    const after = sync(shorter, start.file);
    expect(after.adoption.removed).toMatchObject([{ title: "Two" }]);
    expect(after.file.removed).toMatchObject([{ task: { title: "Two" } }]);
    expect(after.text).toBe(shorter);
    const named = sync("", sampleFile([sampleTask({ id: id("a"), type: "fix" }), sampleTask({ id: id("b") })]));
    const gone = sync(named.text.replace(/^.*task-a0000000 -->\n/m, ""), named.file);
    expect(gone.file.tasks).toHaveLength(1);
    const undone = sync(named.text, gone.file);
    expect(undone.file.tasks).toMatchObject([{ id: id("a"), type: "fix" }, { id: id("b") }]);
    expect(undone.file.removed).toEqual([]);
  });

  test("an ended task whose line is gone is not deleted, and its line does not come back", () => {
    const start = sync("- [ ] One\n- [ ] Two\n", sampleFile([]));
    const done = sync("- [x] One\n- [ ] Two\n", start.file);
    const tidied = sync("- [ ] Two\n", done.file);
    expect(tidied.adoption.removed).toEqual([]);
    expect(tidied.text).toBe("- [ ] Two\n");
    expect(titlesOf(tidied.file)).toContain("One");
  });

  test("a file that was emptied or has lost most of its tasks changes nothing", () => {
    const start = sync("- [ ] One\n- [ ] Two\n- [ ] Three\n- [ ] Four\n", sampleFile([]));
    expect(adopt("", start.file)).toMatchObject({ lost: { missing: 4, of: 4 }, next: start.file });
    expect(adopt("\n\n", start.file).lost).not.toBeNull();
    expect(adopt("- [ ] On", start.file).lost).toEqual({ missing: 3, of: 4 });
    expect(adopt("- [ ] One\n- [ ] Two\n", start.file).lost).toBeNull();
  });

  test("moved lines are the new order, and tasks moved on the board move their lines with what is below", () => {
    const start = sync("- [ ] A\n- [ ] B\n  b\n- [ ] C\n- [ ] D\n", sampleFile([]));
    const byHand = sync("- [ ] D\n- [ ] A\n- [ ] B\n  b\n- [ ] C\n", start.file);
    expect(titlesOf(byHand.file)).toEqual(["D", "A", "B", "C"]);
    expect(byHand.text).toBe("- [ ] D\n- [ ] A\n- [ ] B\n  b\n- [ ] C\n");
    const moved = byHand.file.tasks.map((task) => (task.title === "B" ? { ...task, position: 99 } : task));
    const onBoard = sync(byHand.text, { ...byHand.file, tasks: moved });
    expect(onBoard.text.replaceAll(/ <!--.*-->/g, "")).toBe("- [ ] D\n- [ ] A\n- [ ] C\n- [ ] B\n  b\n");
    const both = sync(onBoard.text.replace(/^- \[ \] A.*\n/m, "") + (/^- \[ \] A.*\n/m.exec(onBoard.text)?.[0] ?? ""), {
      ...onBoard.file,
      tasks: onBoard.file.tasks.map((task) => (task.title === "C" ? { ...task, position: -99 } : task)),
    });
    expect(titlesOf(both.file)).toEqual(["C", "D", "B", "A"]);
    expect(itemsOf(parseDocument(both.text)).map(({ title }) => title)).toEqual(["C", "D", "B", "A"]);
  });

  test("a line that was copied is a new task, the one that was not changed keeps its id", () => {
    const start = sync("", sampleFile([sampleTask({ id: id("a"), title: "One" })]));
    const line = /^- \[ \].*\n/m.exec(start.text)?.[0] ?? "";
    const after = sync(start.text.replace(line, line.replace("One", "Copy") + line), start.file);
    expect(after.file.tasks).toMatchObject([{ title: "Copy" }, { title: "One", id: id("a") }]);
    expect(new Set(itemsOf(parseDocument(after.text)).map((item) => item.id)).size).toBe(2);
  });

  test("instructions changed on both sides keep the lines of both; of a title both changed, the file's counts and the other is told", () => {
    const start = sync("", sampleFile([sampleTask({ id: id("a"), title: "T", instructions: "one\ntwo\nthree" })]));
    const tasks = start.file.tasks.map((task) => ({ ...task, title: "Board", instructions: "one\ntwo\nthree\nfour" }));
    const after = sync(start.text.replace("] T", "] Hand").replace("  one", "  zero\n  one"), { ...start.file, tasks });
    expect(after.file.tasks).toMatchObject([{ title: "Hand", instructions: "zero\none\ntwo\nthree\nfour" }]);
    expect(after.adoption.clashes).toMatchObject([{ text: expect.stringContaining("Board") as string }]);
    expect(after.text).toContain("- [ ] Hand <!-- task-a0000000 -->\n  zero\n  one\n  two\n  three\n  four\n");
  });
});

const strangeLine = oneof(
  string({ unit: "grapheme", maxLength: 20 }),
  stringMatching(/^[ \t]{0,5}[-*+1.)]{0,2} {0,2}\[[ xX~/?>!a-]?\] {0,2}[a-z #!@%\\<>-]{0,12}$/),
  stringMatching(/^ {0,6}\\{0,2}%[a-z]{0,2}:? ?[a-z%:\\ ]{0,5}$/),
  constantFrom(
    "```",
    "~~~~",
    "<!--",
    "-->",
    "# Heading",
    "",
    "   ",
    "\tdeep",
    "  deeper",
    "- [ ] x <!-- task-a0000000 -->",
    "- [x] y <!-- task-a0000000 -->",
    "- [ ] z %review",
  ),
);
const strangeText = tuple(
  constantFrom("", "\uFEFF"),
  array(tuple(strangeLine, constantFrom("\n", "\r\n", "\r")), { maxLength: 12 }),
  oneof(constantFrom(""), strangeLine),
).map(([bom, lines, last]) => bom + lines.map(([line, end]) => line + end).join("") + last);

const someTasks = array(
  record({
    title: oneof(string({ unit: "binary", minLength: 1, maxLength: 20 }), strangeLine)
      .map(cleanTitle)
      .filter((title) => title !== ""),
    instructions: oneof(constantFrom(""), strangeText).map(cleanInstructions),
    type: constantFrom("feature", "fix"),
    priority: constantFrom("normal", "high" as const),
    appId: constantFrom(null, "shop"),
    template: option(
      record({
        promptId: constantFrom("review", "5-whys"),
        version: constantFrom(null, 3),
        values: dictionary(
          constantFrom("focus", "Depth", "_x1", "no name", "a:b"),
          oneof(strangeText, integer(), constantFrom(true, null), array(strangeLine, { maxLength: 3 })),
        ),
      }),
      { nil: null },
    ),
    state: constantFrom<TaskState>("draft", "ready", "running", "waiting", "review"),
  }),
  { maxLength: 6 },
).map((list) => sampleFile(list.map((given, index) => sampleTask({ ...given, id: id(`r${index}`) }))));

describe("whatever stands in a file", () => {
  test("it is put together again to the byte", () => {
    assert(
      property(strangeText, (text) => {
        expect(formatDocument(parseDocument(text))).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test("adopting it changes no byte, and a second look finds nothing new", () => {
    assert(
      property(strangeText, (text) => {
        const first = sync(text, sampleFile([]));
        const hasCopies =
          new Set(first.adoption.ids).size < first.adoption.ids.length || /task-a0000000[^]*task-a0000000/.test(text);
        if (!hasCopies) expect(first.text).toBe(text);
        const second = adopt(first.text, first.file);
        expect(second.next).toBe(first.file);
      }),
      { numRuns: 400 },
    );
  });

  test("tasks added to it are read back as they are, and every other line is still there", () => {
    assert(
      property(strangeText, someTasks, (text, tasks) => {
        const { text: written, file } = sync(text, tasks);
        const read = itemsOf(parseDocument(written));
        for (const task of tasks.tasks) {
          const entry = file.file.entries.find((each) => each.id === task.id);
          expect(entry && toldFields({ ...entry, type: entry.type })).toEqual(toldFields(task));
        }
        expect(read.flatMap((item) => item.id ?? [])).toEqual(
          expect.arrayContaining(tasks.tasks.map((task) => task.id)),
        );
        expect(sync(written, file).text).toBe(written);
        let rest = written.replaceAll(/ ?<!-- task-new\d+ -->/g, "");
        for (const line of text
          .replace(/^\uFEFF/, "")
          .split(/\r\n|\n|\r/)
          .filter((each) => !each.includes("task-a0000000"))) {
          expect(rest).toContain(line.trimEnd());
          rest = rest.replace(line.trimEnd(), "");
        }
      }),
      { numRuns: 400 },
    );
  });
});

type Change =
  | { side: "hand" | "board"; kind: "title" | "priority" | "delete" | "done" | "top"; task: number; word: string }
  | { side: "hand" | "board"; kind: "add"; task: number; word: string }
  | { side: "hand"; kind: "note"; task: number; word: string };

const changes = uniqueArray(
  record({
    side: constantFrom("hand", "board"),
    kind: constantFrom("title", "priority", "delete", "done", "top", "add", "note"),
    task: integer({ min: 0, max: 7 }),
    word: stringMatching(/^[a-z]{6}$/),
  }),
  { maxLength: 10, selector: ({ word }) => word },
).map((list) => list.filter(({ side, kind }) => side === "hand" || kind !== "note") as Change[]);

function changeText(text: string, { kind, task, word }: Change): string {
  const line = new RegExp(`^- \\[.\\] .*${id(`t${task}`)} -->\n`, "m");
  const found = line.exec(text)?.[0];
  if (kind === "note") return `${text}Note ${word}\n`;
  if (kind === "add") return `${text}- [ ] Hand ${word}\n`;
  if (found === undefined) return text;
  if (kind === "title") return text.replace(found, found.replace(/\] [^<!]*/, `] Hand ${word} `));
  if (kind === "priority")
    return found.includes("!urgent") ? text : text.replace(found, found.replace(" <!--", " !urgent <!--"));
  if (kind === "done") return text.replace(found, found.replace(/\[.\]/, "[x]"));
  if (kind === "delete") return text.replace(found, "");
  return found + text.replace(found, "");
}

function changeTasks(tasks: readonly Task[], { kind, task, word }: Change): Task[] {
  const name = id(`t${task}`);
  const each = (change: (found: Task) => Task): Task[] => tasks.map((one) => (one.id === name ? change(one) : one));
  if (kind === "add") return [...tasks, sampleTask({ id: `task-${word}00`, title: `Board ${word}`, position: 50 })];
  if (kind === "title") return each((one) => ({ ...one, title: `Board ${word}` }));
  if (kind === "priority") return each((one) => ({ ...one, priority: "low" }));
  if (kind === "done") return each((one) => ({ ...one, state: "done", endedAt: sampleTime }));
  if (kind === "delete") return tasks.filter((one) => one.id !== name);
  return each((one) => ({ ...one, position: -task - 1 }));
}

function expectKept(change: Change, hand: Change[], board: Change[], byId: Map<string, Task>, text: string): void {
  const { side, kind, word } = change;
  const own = side === "hand" ? hand : board;
  const isOf = (one: Change): boolean => one.task === change.task && one.kind !== "add" && one.kind !== "note";
  const before = own.slice(0, own.indexOf(change)).filter(isOf);
  const later = own.slice(own.indexOf(change) + 1).filter(isOf);
  const others = (side === "hand" ? board : hand).filter(isOf);
  if (kind === "note") expect(text).toContain(`Note ${word}\n`);
  if (kind === "add") {
    const title = `${side === "hand" ? "Hand" : "Board"} ${word}`;
    expect([...byId.values()].some((task) => task.title === title)).toBe(true);
    expect(text).toContain(title);
  }
  if (kind === "top" || kind === "add" || kind === "note" || before.some((one) => one.kind === "delete")) return;
  const task = byId.get(id(`t${change.task}`));
  const isWanted = (one: Change): boolean => one.kind === "delete" || one.kind === kind;
  if (kind === "delete") {
    if (others.every((one) => one.kind === "delete" || one.kind === "top")) expect(task).toBeUndefined();
    return;
  }
  if (later.some(isWanted)) return;
  const isClash = others.some((one) => one.kind === kind && one.side === "hand");
  if (isClash) return;
  // Deleted there and changed here: it stays, as it was changed.
  expect(task).toBeDefined();
  if (kind === "title") expect(task?.title).toBe(`${side === "hand" ? "Hand" : "Board"} ${word}`);
  if (kind === "priority") expect(task?.priority).toBe(side === "hand" ? "urgent" : "low");
  if (kind === "done") expect(task?.state).toBe("done");
}

describe("edits of both sides at once", () => {
  const start = sync(
    "",
    sampleFile([0, 1, 2, 3, 4, 5, 6, 7].map((index) => sampleTask({ id: id(`t${index}`), title: `Start ${index}` }))),
  );

  test("neither side loses anything, and both agree afterwards", () => {
    assert(
      property(changes, (list) => {
        const hand = list.filter(({ side }) => side === "hand");
        const board = list.filter(({ side }) => side === "board");
        const text = hand.reduce(changeText, start.text);
        const tasks = board.reduce(changeTasks, start.file.tasks);
        const removed = start.file.tasks.filter((task) => tasks.every((each) => each.id !== task.id));
        const now = { ...start.file, tasks, removed: removed.map((task) => ({ removedAt: sampleTime, task })) };
        if (adopt(text, now).lost) return;
        const after = sync(text, now);
        expect(sync(after.text, after.file).text).toBe(after.text);
        const byId = new Map(after.file.tasks.map((task) => [task.id, task]));
        const lines = itemsOf(parseDocument(after.text));
        for (const task of after.file.tasks.filter(({ state }) => state !== "done"))
          expect(lines.filter(({ title }) => title === task.title)).toHaveLength(1);
        for (const change of list) expectKept(change, hand, board, byId, after.text);
      }),
      { numRuns: 500 },
    );
  });

  test("an editor that saves an old copy takes nothing back", () => {
    assert(
      property(changes, subarray([0, 1, 2, 3]), (list, ticked) => {
        const board = list.filter(({ side }) => side === "board");
        const ahead = sync(start.text, { ...start.file, tasks: board.reduce(changeTasks, start.file.tasks) });
        const old = ticked.reduce(
          (text, task) => changeText(text, { side: "hand", kind: "done", task, word: "" }),
          start.text,
        );
        const after = sync(`${old}A line of mine\n`, ahead.file, start.file.file.entries);
        expect(after.text).toContain("A line of mine\n");
        for (const { word } of board.filter(({ kind }) => kind === "add"))
          expect(titlesOf(after.file)).toContain(`Board ${word}`);
        for (const task of ticked) {
          const found = after.file.tasks.find((each) => each.id === id(`t${task}`));
          if (found) expect(found.state).toBe("done");
        }
      }),
    );
  });
});
