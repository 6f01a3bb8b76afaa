import { expect, test } from "vitest";

import type { FileEdit, ToolCall } from "../../../../contract/features/run-events.ts";
import type { TranscriptBlock } from "../../../../contract/run-transcript.ts";
import { changedFiles } from "./changed-files.ts";

const at = "2026-01-02T03:04:05.000Z";
const edit = (path: string, before: string | null, after: string, isCut = false): FileEdit => ({
  path,
  before,
  after,
  isCut,
});

function tool(state: ToolCall["state"], ...edits: FileEdit[]): TranscriptBlock {
  const call: ToolCall = { callId: "c", title: "Edit", tool: "edit", state, input: null, output: null, edits };
  return { kind: "tool", isUnfinished: false, key: "c", at, lastAt: at, call };
}

test("edits of one file that go on from one another are one change, from the first text to the last", () => {
  const files = changedFiles(
    [
      tool("succeeded", edit("/blog/a.ts", "one", "two")),
      tool("succeeded", edit("/blog/b.ts", null, "new")),
      tool("running", edit("/blog/a.ts", "two", "three")),
    ],
    "/blog",
  );
  expect(files).toEqual([
    { path: "a.ts", edits: [edit("a.ts", "one", "three")] },
    { path: "b.ts", edits: [edit("b.ts", null, "new")] },
  ]);
});

test("edits that tell only their place stand one below the other", () => {
  const files = changedFiles([tool("succeeded", edit("a.ts", "x", "y"), edit("a.ts", "p", "q", true))], "/blog");
  expect(files.map(({ edits }) => edits.length)).toEqual([2]);
});

test("what was refused, failed or was taken back is no change", () => {
  expect(
    changedFiles(
      [
        tool("denied", edit("a.ts", "x", "y")),
        tool("failed", edit("b.ts", "x", "y")),
        tool("pending", edit("c.ts", "x", "y")),
        tool("succeeded", edit("d.ts", "x", "y")),
        tool("succeeded", edit("d.ts", "y", "x")),
      ],
      "/blog",
    ),
  ).toEqual([]);
});
