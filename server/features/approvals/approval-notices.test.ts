import { expect, it } from "vitest";

import type { ApprovalSubject } from "../../../contract/features/approvals.ts";
import { approvalNotice } from "./approval-notices.ts";

const folder = "/state/worktrees/run-0123abcd4567";
const subject: Extract<ApprovalSubject, { kind: "agent-tool" }> = {
  kind: "agent-tool",
  title: `Edit ${folder}/src/a.ts`,
  why: "It would change a file.",
  onDeny: "It goes on without.",
  runId: "run-0123abcd4567",
  requestId: "1",
  runTitle: "Tidy up",
  appId: "blog",
  providerId: null,
  providerName: null,
  tool: "edit",
  folder,
  command: null,
  words: null,
  input: null,
  paths: [],
  changes: [],
};

it("tells of a question by the file and the app, not by where its worktree lies", () => {
  expect(approvalNotice({ id: "0123abcd4567efgh", subject })).toMatchObject({
    title: "Tidy up asks you",
    message: "Edit src/a.ts in blog",
  });
});

it("tells of a command as a whole", () => {
  const asked = { ...subject, tool: "execute" as const, title: "Run npm test", appId: null };
  expect(approvalNotice({ id: "0123abcd4567efgh", subject: asked }).message).toBe("Run npm test");
});
