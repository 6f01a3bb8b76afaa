import { beforeEach, expect, test } from "vitest";

import type { Approval, ApprovalSubject } from "../../../contract/features/approvals.ts";
import { AppError } from "../../../lib/app-error.ts";
import { endingError, GatewayError } from "../../connectors/framework/gateway-error.ts";
import { createConnectorApprovals, type ConnectorApprovals } from "./connector-approvals.ts";

type Question = Parameters<ConnectorApprovals["ask"]>[0];

const subject: Question["subject"] = {
  kind: "connector-call",
  title: "Slack: Send a message",
  why: "People will read it",
  onDeny: "Nothing is sent",
  connectorId: "slack",
  connectorName: "Slack",
  operation: "send-message",
  input: "{}",
  effect: "write",
  risk: "high",
  callerKind: "agent",
  callerName: "Builder",
  callerId: null,
  isForUser: true,
};

let asked: Approval[];
let withdrawn: [id: string, reason: string][];
let answerAtOnce: Approval["state"] | null;
let settle: (id: string, state: Exclude<Approval["state"], "pending">, device?: string | null) => void;
let approvals: ConnectorApprovals;

function approval(id: string, given: ApprovalSubject, hash: string, state: Approval["state"] = "pending"): Approval {
  return {
    id,
    subject: given,
    hash,
    state,
    createdAt: "2026-05-04T00:00:00.000Z",
    expiresAt: "2026-05-04T00:30:00.000Z",
    decision: null,
    isDelivered: false,
  };
}

beforeEach(() => {
  asked = [];
  withdrawn = [];
  answerAtOnce = null;
  const listeners: ((one: Approval) => void)[] = [];
  const find = (id: string): Approval => {
    const found = asked.find((one) => one.id === id);
    if (!found) throw new AppError("not_found", "There is no such question");
    return found;
  };
  settle = (id, state, device = null) => {
    const at = "2026-05-04T00:01:00.000Z";
    const decision = { by: "Anna", device, at, scope: "once" as const, reason: "fine", ruleId: null };
    const settled = { ...find(id), state, decision };
    asked = asked.map((one) => (one.id === id ? settled : one));
    for (const listener of listeners) listener(settled);
  };
  approvals = createConnectorApprovals({
    ask(question) {
      const one = approval(`a${asked.length}`, question.subject, question.hash);
      asked.push(one);
      if (answerAtOnce !== null && answerAtOnce !== "pending") settle(one.id, answerAtOnce);
      return Promise.resolve(find(one.id));
    },
    get: async (id) => Promise.resolve(find(id)),
    withdraw(id, reason) {
      withdrawn.push([id, reason]);
      settle(id, "withdrawn");
      return Promise.resolve();
    },
    open: () => asked.filter(({ state }) => state === "pending"),
    onSettled: (listener) => void listeners.push(listener),
  });
});

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("each answer goes to the call that asked, with who gave it and where", async () => {
  const one = approvals.ask({ subject, hash: "h1" }, undefined);
  const other = approvals.ask({ subject, hash: "h2" }, undefined);
  await turns();
  settle("a1", "denied");
  settle("a0", "allowed", "her phone");
  expect(await other).toMatchObject({ id: "a1", state: "denied", hash: "h2", by: "Anna" });
  expect(await one).toMatchObject({ id: "a0", state: "allowed", hash: "h1", by: "Anna on her phone", reason: "fine" });
});

test("a rule may answer at once", async () => {
  answerAtOnce = "allowed";
  expect(await approvals.ask({ subject, hash: "h1" }, undefined)).toMatchObject({ state: "allowed" });
});

test("whoever gives up takes the question back, and is told why it ended", async () => {
  const controller = new AbortController();
  const asking = approvals.ask({ subject, hash: "h1" }, controller.signal);
  const failed = expect(asking).rejects.toMatchObject({ gatewayCode: "cancelled", message: "Everything was stopped" });
  await turns();
  controller.abort(new GatewayError("cancelled", "Everything was stopped", { hint: "Open the gateway." }));
  await failed;
  expect(withdrawn.map(([id]) => id)).toEqual(["a0"]);
  const late = AbortSignal.abort();
  await expect(approvals.ask({ subject, hash: "h2" }, late)).rejects.toMatchObject({ gatewayCode: "cancelled" });
  expect(withdrawn.map(([id]) => id)).toEqual(["a0", "a1"]);
});

test("a question that is resumed after a restart stays when PortOS ends, and its answer counts", async () => {
  const found: string[] = [];
  const resumes = (approvalId: string | null): Question["resumes"] => ({
    approvalId,
    onAsked: (id) => Promise.resolve(void found.push(id)),
    onAnswered: () => Promise.resolve(),
  });
  const controller = new AbortController();
  const first = approvals.ask({ subject, hash: "h1", resumes: resumes(null) }, controller.signal);
  const ended = expect(first).rejects.toBeInstanceOf(GatewayError);
  await turns();
  controller.abort(endingError());
  await ended;
  expect([found, withdrawn]).toEqual([["a0"], []]);
  settle("a0", "allowed");
  expect(await approvals.ask({ subject, hash: "h1", resumes: resumes("a0") }, undefined)).toMatchObject({ id: "a0" });
  expect(asked).toHaveLength(1);
});

test("an answer to something else does not count: it is taken back and asked anew", async () => {
  answerAtOnce = "allowed";
  await approvals.ask({ subject, hash: "h1" }, undefined);
  const resumes = { approvalId: "a0", onAsked: () => Promise.resolve(), onAnswered: () => Promise.resolve() };
  expect(await approvals.ask({ subject, hash: "other", resumes }, undefined)).toMatchObject({
    id: "a1",
    hash: "other",
  });
  expect(withdrawn.map(([id]) => id)).toEqual(["a0"]);
});

test("a no stays a no, though what would be asked now is another thing", async () => {
  answerAtOnce = "denied";
  await approvals.ask({ subject, hash: "h1" }, undefined);
  const resumes = { approvalId: "a0", onAsked: () => Promise.resolve(), onAnswered: () => Promise.resolve() };
  expect(await approvals.ask({ subject, hash: "other", resumes }, undefined)).toMatchObject({
    id: "a0",
    state: "denied",
  });
});

test("questions nobody waits for any more are withdrawn at the start, those that are awaited stay", async () => {
  asked.push(approval("left", subject, "h"), approval("awaited", subject, "h"));
  const asking = approvals.ask({ subject, hash: "h1" }, undefined);
  await turns();
  await approvals.withdrawLeftOver(new Set(["awaited"]));
  expect(withdrawn.map(([id]) => id)).toEqual(["left"]);
  settle("a2", "denied");
  expect(await asking).toMatchObject({ state: "denied" });
});
