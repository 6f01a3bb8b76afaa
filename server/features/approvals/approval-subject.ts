import { createHash } from "node:crypto";

import type { ApprovalSubject } from "../../../contract/features/approvals.ts";
import type { PermissionRequest } from "../../../contract/features/run-events.ts";
import type { PermissionMode, Run } from "../../../contract/features/runs.ts";
import { ownCallPrefix } from "../../../contract/internal/runs.ts";
import { redactValue } from "../../../lib/redact.ts";
import { approvalChanges } from "./approval-changes.ts";
import { canonicalJson } from "../../../lib/canonical-json.ts";
import { askedCommand } from "./command-words.ts";
import { realPlace, touchedPaths } from "../../../lib/touched-paths.ts";

export type AgentSubject = Extract<ApprovalSubject, { kind: "agent-tool" }>;

const reasons: Record<PermissionMode, string> = {
  ask: "This run asks before everything it does.",
  "ask-writes": "This run asks before it changes anything, runs a command or looks outside its folder.",
  "free-in-folder": "This run is free to change files of its folder and asks before everything else.",
  free: "The agent itself asks for this; PortOS would let it.",
};

const onDeny = "The agent is told no, with your reason if you give one, and goes on without it.";
/** The Agent Client Protocol has no place for a reason in the answer to an agent's own question. */
const onBareDeny =
  "The agent is told no, and goes on without it. Your reason, if you give one, stands in the transcript.";

/** SHA-256 over exactly what is asked, whole and with the answers that were offered: any change gives another one. */
export function requestHash(runId: string, request: PermissionRequest): string {
  const { requestId, folder, call, options } = request;
  const { title, tool, input, edits } = call;
  return sha256(canonicalJson({ kind: "agent-tool", runId, requestId, folder, title, tool, input, edits, options }));
}

/** The same without the name of the request: two questions of a run have it in common when they ask exactly the same. */
export function contentHash(runId: string, request: PermissionRequest): string {
  return requestHash(runId, { ...request, requestId: "" });
}

/** Whether both name the same places: a link may lead elsewhere than when it was shown. */
export function hasSamePlaces(one: AgentSubject, other: AgentSubject): boolean {
  return one.folder === other.folder && canonicalJson(one.paths) === canonicalJson(other.paths);
}

/** What a question of a run says to the user, secrets taken out. */
export async function agentSubject(run: Run, request: PermissionRequest): Promise<AgentSubject> {
  const { call } = request;
  const attempt = run.attempts.at(-1);
  const command = call.tool === "execute" ? askedCommand(call.input) : null;
  const folder = await realPlace(request.folder);
  return redactValue({
    kind: "agent-tool",
    title: call.title,
    why: reasons[run.permissionMode],
    onDeny: attempt?.providerType === "acp" && !call.callId.startsWith(ownCallPrefix) ? onBareDeny : onDeny,
    runId: run.id,
    requestId: request.requestId,
    runTitle: run.title,
    appId: run.appId,
    providerId: attempt?.providerId ?? null,
    providerName: attempt?.providerName ?? null,
    tool: call.tool,
    folder,
    command: command?.text ?? null,
    words: command?.words ?? null,
    input: call.input,
    paths: await touchedPaths(call, folder),
    changes: approvalChanges(call.edits),
  } satisfies AgentSubject) as AgentSubject;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
