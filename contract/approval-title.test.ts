import { expect, it } from "vitest";

import { approvalPlace, approvalTitle } from "./approval-title.ts";
import type { ApprovalSubject } from "./features/approvals.ts";

const tool: Extract<ApprovalSubject, { kind: "agent-tool" }> = {
  kind: "agent-tool",
  title: "Edit /state/worktrees/run-0123abcd4567/src/a.ts",
  why: "It would change a file.",
  onDeny: "It goes on without.",
  runId: "run-0123abcd4567",
  requestId: "1",
  runTitle: "Tidy up",
  appId: "blog",
  providerId: null,
  providerName: null,
  tool: "edit",
  folder: "/state/worktrees/run-0123abcd4567",
  command: null,
  words: null,
  input: null,
  paths: [],
  changes: [],
};

it("calls a question by the file within its folder, and the folder by the app", () => {
  expect(approvalTitle({ subject: tool })).toBe("Edit src/a.ts");
  expect(approvalPlace({ subject: tool })).toBe("blog");
});

it("leaves commands whole, for they would read as others", () => {
  const title = "Run rm -rf /state/worktrees/run-0123abcd4567/src";
  expect(approvalTitle({ subject: { ...tool, tool: "execute", title } })).toBe(title);
});

it("calls any other folder by its name, whatever app the run is for", () => {
  expect(approvalPlace({ subject: { ...tool, folder: "/home/ada/notes/" } })).toBe("notes");
  expect(approvalPlace({ subject: { ...tool, appId: null, folder: "/" } })).toBeNull();
  expect(approvalPlace({ subject: { ...tool, appId: null } })).toBeNull();
});
