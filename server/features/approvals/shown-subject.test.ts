import { expect, test } from "vitest";

import { approvalSubjectSchema } from "../../../contract/features/approvals.ts";
import { shownSubject } from "./shown-subject.ts";

const asked = { title: "Pay \u202Eecila", why: "Bank\u202Egro wants it.", onDeny: "Nothing\u200b." };
const shown = { title: "Pay ⟨U+202E⟩ecila", why: "Bank⟨U+202E⟩gro wants it.", onDeny: "Nothing⟨U+200B⟩." };

test("a call shows what its texts hide", () => {
  const subject = approvalSubjectSchema.parse({
    kind: "connector-call",
    ...asked,
    connectorId: "webhook-out",
    connectorName: "Web\u2066hook",
    operation: "post",
    input: JSON.stringify({ text: "a\u202Eb\u0007", "\u200bname": 1 }),
    callerName: "\u202E".repeat(100),
  });
  const made = shownSubject(subject);
  expect(made).toMatchObject({ ...shown, connectorName: "Web⟨U+2066⟩hook" });
  expect(made).toMatchObject({ input: JSON.stringify({ text: "a⟨U+202E⟩b⟨U+0007⟩", "⟨U+200B⟩name": 1 }) });
  expect(approvalSubjectSchema.parse(made)).toEqual(made);
});

test("a command and a diff show it, and what rules look at stays", () => {
  const change = { path: "a\u200b.ts", isNew: false, added: 1, removed: 0, lines: ["+if (x) {\u202e"], isCut: false };
  const subject = approvalSubjectSchema.parse({
    kind: "agent-tool",
    ...asked,
    runId: "run-0123abcd4567",
    requestId: "1",
    runTitle: "Run",
    appId: null,
    providerId: null,
    providerName: null,
    tool: "execute",
    folder: "/tmp/a\u200bb",
    command: "echo \u202Efr- mr",
    words: ["echo", "\u202Efr-", "mr"],
    input: '{"command":"echo \\u202efr- mr"}',
    paths: ["/tmp/a\u200bb/c"],
    changes: [change],
  });
  expect(shownSubject(subject)).toEqual({
    ...subject,
    ...shown,
    command: "echo ⟨U+202E⟩fr- mr",
    input: '{"command":"echo ⟨U+202E⟩fr- mr"}',
    changes: [{ ...change, path: "a⟨U+200B⟩.ts", lines: ["+if (x) {⟨U+202E⟩"] }],
  });
});
