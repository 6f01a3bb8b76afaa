import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { FileEdit, ToolCall } from "../../../contract/features/run-events.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { toolCall } from "../tool-call.ts";
import { openWorkspace } from "../workspace.ts";
import { createAcpGrants } from "./acp-grants.ts";

const newFolder = useTemporaryFolders();

async function prepared() {
  const folder = join(await newFolder(), "work");
  await mkdir(join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "src/a.ts"), "one\ntwo\nthree\ntwo more\n");
  const workspace = await openWorkspace(folder);
  const grants = createAcpGrants(workspace);
  /** The user has said yes to this. */
  const allow = async (call: ToolCall): Promise<void> => {
    grants.add(await grants.shownIn(call));
  };
  const writes = (path: string, content: string) => grants.take({ kind: "write", path, content });
  return { folder: workspace.folder, grants, allow, writes };
}

const edit = (path: string, before: string | null, after: string, isCut = false): FileEdit => ({
  path,
  before,
  after,
  isCut,
});
const call = (tool: ToolCall["tool"], input: unknown, edits: FileEdit[] = [], callId = "c1"): ToolCall =>
  toolCall({ callId, name: tool, tool, input, edits });
const editing = (...edits: FileEdit[]): ToolCall => call("edit", null, edits);

describe("a yes to a change of a file", () => {
  it.each([
    ["a new file", [edit("new.txt", null, "fresh\n")], "new.txt", "fresh\n"],
    ["the whole of a file", [edit("src/a.ts", "one\ntwo\nthree\ntwo more\n", "all\n")], "src/a.ts", "all\n"],
    ["one place of a file", [edit("src/a.ts", "three", "3")], "src/a.ts", "one\ntwo\n3\ntwo more\n"],
    [
      "several places, one after the other",
      [edit("src/a.ts", "three", "3"), edit("src/a.ts", "two\n3", "2\n3"), edit("src/a.ts", "one", "1")],
      "src/a.ts",
      "1\n2\n3\ntwo more\n",
    ],
    ["what is taken out", [edit("src/a.ts", "three\n", "")], "src/a.ts", "one\ntwo\ntwo more\n"],
  ])("covers %s as it will be then, once, and nothing else", async (_what, edits, path, content) => {
    const { folder, allow, writes } = await prepared();
    await allow(editing(...edits));
    expect(writes(path, `${content}more`)).toBeNull();
    expect(writes("src/b.ts", content)).toBeNull();
    expect(writes(join(folder, path), content)).toEqual({ place: join(folder, path) });
    expect(writes(path, content)).toBeNull();
  });

  it.each([
    ["a place that is there twice", [edit("src/a.ts", "two", "2")], "one\n2\nthree\ntwo more\n"],
    ["a place that is not there", [edit("src/a.ts", "four", "4")], "4"],
    ["what was cut when it was shown", [edit("src/a.ts", "three", "3", true)], "one\ntwo\n3\ntwo more\n"],
    [
      "a file of which one part cannot be told",
      [edit("src/a.ts", "three", "3"), edit("src/a.ts", "four", "4")],
      "one\ntwo\n3\ntwo more\n",
    ],
  ])("covers nothing for %s", async (_what, edits, content) => {
    const { allow, writes } = await prepared();
    await allow(editing(...edits));
    expect(writes("src/a.ts", content)).toBeNull();
  });

  it("covers each of several files", async () => {
    const { allow, writes } = await prepared();
    await allow(editing(edit("a.txt", null, "a"), edit("b.txt", null, "b")));
    expect(writes("b.txt", "a")).toBeNull();
    expect(writes("b.txt", "b")).not.toBeNull();
    expect(writes("a.txt", "a")).not.toBeNull();
  });

  it("names the place its path led to when it was shown, and none outside the folder", async () => {
    const { folder, allow, writes } = await prepared();
    await symlink("src", join(folder, "way"));
    await allow(editing(edit("way/new.ts", null, "x"), edit("../out.txt", null, "x")));
    expect(writes("../out.txt", "x")).toBeNull();
    expect(writes("way/new.ts", "x")).toEqual({ place: join(folder, "src/new.ts") });
  });

  it("ends with its call", async () => {
    const { grants, allow, writes } = await prepared();
    await allow(call("edit", null, [edit("a.txt", null, "a")], "first"));
    await allow(call("edit", null, [edit("b.txt", null, "b")], "second"));
    grants.end("first");
    expect(writes("a.txt", "a")).toBeNull();
    expect(writes("b.txt", "b")).not.toBeNull();
  });

  it("is none for another kind of deed", async () => {
    const { grants, allow } = await prepared();
    await allow(editing(edit("src/a.ts", "three", "3")));
    expect(grants.take({ kind: "read", path: "src/a.ts" })).toBeNull();
    expect(grants.take({ kind: "run", command: ["src/a.ts"] })).toBeNull();
  });
});

describe("a yes to a command", () => {
  it.each([
    ["its words", { command: ["git", "commit", "-m", "two words"] }, ["git", "commit", "-m", "two words"]],
    ["a program with its arguments", { command: "npm", args: ["test"] }, ["npm", "test"]],
    ["a line of plain words", { command: "npm test -- --run" }, ["npm", "test", "--", "--run"]],
    ["a line for a shell", { command: "npm test | tee log" }, ["/bin/sh", "-c", "npm test | tee log"]],
    ["a line for a login shell", { command: "echo $HOME" }, ["bash", "-lc", "echo $HOME"]],
  ])("covers %s, once", async (_what, input, command) => {
    const { grants, allow } = await prepared();
    await allow(call("execute", input));
    expect(grants.take({ kind: "run", command: [...command, "more"] })).toBeNull();
    expect(grants.take({ kind: "run", command })).toEqual({ place: null });
    expect(grants.take({ kind: "run", command })).toBeNull();
  });

  it.each([
    ["in another folder", { command: ["rm", "-r", "build"], cwd: ".." }, ["rm", "-r", "build"]],
    ["with another environment", { command: ["make"], env: { CC: "x" } }, ["make"]],
    ["cut into other words", { command: "rm -r my build" }, ["rm", "-r", "my build"]],
    ["by a program that only looks like a shell", { command: "make" }, ["/tmp/bin/sh", "-c", "make"]],
    ["with a part that is no text", { command: ["make", 5] }, ["make", "5"]],
    ["of which the arguments were cut", "{ command: …", ["make"]],
  ])("covers none that is run %s", async (_what, input, command) => {
    const { grants, allow } = await prepared();
    await allow(call("execute", input));
    expect(grants.take({ kind: "run", command })).toBeNull();
  });
});

describe("a yes to reading", () => {
  it.each(["path", "file_path", "filePath", "absolute_path", "filepath"])(
    "covers the file named by %s",
    async (name) => {
      const { folder, grants, allow } = await prepared();
      await allow(call("read", { [name]: "src/a.ts", limit: 5 }));
      expect(grants.take({ kind: "read", path: "src/b.ts" })).toBeNull();
      expect(grants.take({ kind: "write", path: "src/a.ts", content: "" })).toBeNull();
      expect(grants.take({ kind: "read", path: "src/a.ts" })).toEqual({ place: join(folder, "src/a.ts") });
      expect(grants.take({ kind: "read", path: "src/a.ts" })).toBeNull();
    },
  );

  it("covers nothing where two files are named", async () => {
    const { grants, allow } = await prepared();
    await allow(call("read", { path: "src/a.ts", file_path: "src/b.ts" }));
    for (const path of ["src/a.ts", "src/b.ts"]) expect(grants.take({ kind: "read", path })).toBeNull();
  });
});
