import type { Approval } from "../../../contract/features/approvals.ts";
import type { ErrorBody } from "../../../contract/errors.ts";
import { sentences } from "../../../contract/sentences.ts";

export interface AnswerInput {
  answer: "allow" | "deny";
  scope: "once" | "run" | "here";
  reason: string | null;
}

/** `null`: the machine cannot be reached. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; message: string } | null;

const timeoutMs = 15_000;

async function send<T>(path: string, init: RequestInit = {}): Promise<Outcome<T>> {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    const body = (await response.json()) as unknown;
    if (response.ok) return { ok: true, value: body as T };
    const { message, hint } = (body as ErrorBody).error;
    return { ok: false, message: sentences(message, hint) };
  } catch {
    return null; // no network, or a proxy that answers with a page of its own
  }
}

/** Reads one question. */
export function readApproval(id: string): Promise<Outcome<Approval>> {
  return send(`/api/approvals/${id}`);
}

/** Ids of all questions that wait, oldest first. */
export async function waitingIds(): Promise<string[]> {
  const reply = await send<{ pending: Approval[] }>("/api/approvals");
  return reply?.ok === true ? reply.value.pending.map(({ id }) => id) : [];
}

/** Answers exactly what was shown. */
export function answerApproval({ id, hash }: Approval, input: AnswerInput): Promise<Outcome<Approval>> {
  return send(`/api/approvals/${id}/decision`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ hash, ...input }),
  });
}
