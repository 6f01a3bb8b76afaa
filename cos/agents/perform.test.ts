import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import type { ToolCall } from "../../contract/features/run-events.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { plainSurroundings } from "../worktrees/surroundings.ts";
import { createApiTools } from "./api/api-tools.ts";
import type { Answer, AttemptSink } from "./attempt.ts";
import { openWorkspace } from "./workspace.ts";

const newFolder = useTemporaryFolders();

/** The tools of a model in a folder, with what was asked and told. */
async function prepared(answer: Answer) {
  const folder = await newFolder();
  const told: ToolCall[] = [];
  const seen = { asked: 0 };
  const sink: Pick<AttemptSink, "event" | "ask"> = {
    event: (body) => {
      if (body.kind === "tool") told.push(body.call);
    },
    ask: () => {
      seen.asked += 1;
      return Promise.resolve(answer);
    },
  };
  const tools = createApiTools({
    workspace: await openWorkspace(folder),
    sink: sink as AttemptSink,
    signal: new AbortController().signal,
    mark: ["AGENT_RUN", "run-1"],
    surroundings: plainSurroundings,
  });
  const call = (name: string, input: object): unknown =>
    tools[name]?.execute?.(input as never, { toolCallId: "c1", messages: [] });
  return { folder, told, seen, call };
}

const allowed: Answer = { optionId: "allow", reason: null };

it.each([".git/hooks/pre-commit", "sub/../.git/config", ".git", "../elsewhere.txt"])(
  "asks nobody for a write that is refused anyhow, and tells the model why: %s",
  async (path) => {
    const { folder, told, seen, call } = await prepared(allowed);
    await mkdir(join(folder, ".git/hooks"), { recursive: true });
    await mkdir(join(folder, "sub"));
    const why = path.startsWith("..")
      ? "is outside the folder of this run"
      : "belongs to git: agents do not write there";
    expect(await call("write_file", { path, text: "x" })).toBe(`Error: ${path} ${why}`);
    expect(seen.asked).toBe(0);
    expect(told.map(({ state, output }) => [state, output])).toEqual([["failed", `${path} ${why}`]]);
  },
);

it("asks nobody for an edit of what belongs to git", async () => {
  const { folder, seen, call } = await prepared(allowed);
  await mkdir(join(folder, ".git"));
  await writeFile(join(folder, ".git/config"), "bare = false\n");
  const edit = { path: ".git/config", oldText: "false", newText: "true" };
  expect(await call("edit_file", edit)).toMatch(/^Error: .git\/config belongs to git/);
  expect(seen.asked).toBe(0);
  expect(await readFile(join(folder, ".git/config"), "utf8")).toBe("bare = false\n");
});

it("asks for what only guards other programs", async () => {
  const { seen, call } = await prepared(allowed);
  expect(await call("write_file", { path: "AGENTS.md", text: "x" })).toBe("Made.");
  expect(seen.asked).toBe(1);
});

it.each([
  ["Not this file", "It was denied: Not this file."],
  ["Never! ", "It was denied: Never!"],
  [null, "It was denied."],
])("says that it was denied, with the reason %j", async (reason, said) => {
  const { folder, told, call } = await prepared({ optionId: "deny", reason });
  const text = `${said} Nothing was done. Do not try it again; go on without it or say what you need.`;
  expect(await call("write_file", { path: "a.txt", text: "x" })).toBe(text);
  expect(told.at(-1)).toMatchObject({ state: "denied", output: text });
  await expect(readFile(join(folder, "a.txt"))).rejects.toThrow();
});

it("says what the system has against it", async () => {
  const { folder, told, call } = await prepared(allowed);
  await writeFile(join(folder, "file.txt"), "x");
  expect(await call("list_folder", { path: "missing" })).toBe("Error: There is no such file or folder");
  expect(await call("list_folder", { path: "file.txt" })).toBe("Error: It is no folder");
  expect(told.at(-1)).toMatchObject({ state: "failed", output: "It is no folder" });
});
