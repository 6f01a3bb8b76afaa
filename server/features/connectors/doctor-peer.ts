import type { DoctorStep, SignInState } from "../../../contract/features/connectors.ts";
import { isUnauthorized } from "../../connectors/custom/mcp/mcp-sessions.ts";
import type { AnyConnector, Introduction, OperationContext } from "../../connectors/framework/define-connector.ts";
import type { GatewayError } from "../../connectors/framework/gateway-error.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";

type Peer = NonNullable<AnyConnector["peer"]>;

/** What was found out about an MCP server; `failure`: why it did not answer. */
export interface PeerLook {
  steps: DoctorStep[];
  failure: GatewayError | null;
}

const mostNames = 12;

/** Asks an MCP server who it is and what it offers, and starts it before where it is a program; never rejects. */
export async function examinePeer(
  { isProgram, introduce }: Peer,
  context: OperationContext<Record<string, unknown>>,
  monotonic: () => number,
): Promise<PeerLook> {
  const from = monotonic();
  const ms = (): number => Math.max(0, Math.round(monotonic() - from));
  const step = isProgram ? "program" : "protocol";
  try {
    const found = await introduce(context);
    const message = isProgram ? "It runs and speaks MCP" : "It answers and speaks MCP";
    return { steps: [{ step, verdict: "good", message, hint: null, ms: ms() }, ...stepsOf(found)], failure: null };
  } catch (error) {
    const failure = toGatewayError(error);
    const { message, hint = null } = failure;
    const why = `Not looked at: the ${isProgram ? "program" : "server"} did not answer`;
    return {
      steps: [{ step, verdict: "bad", message, hint, ms: ms() }, skipped("version", why), skipped("tools", why)],
      failure,
    };
  }
}

/** What is not looked at while nobody has signed in: every answer would be a refusal. */
export function unseenPeer(): DoctorStep[] {
  const why = "Not looked at: nobody is signed in";
  return [skipped("protocol", why), skipped("version", why), skipped("tools", why)];
}

/** Whether an MCP server over HTTP lets PortOS in. `look`: what it answered; `null` when it was not asked. */
export function signInOfPeer(state: SignInState | null, look: PeerLook | null): DoctorStep {
  const base = { step: "sign-in" as const, hint: null, ms: 0 };
  if (state?.state === "needed")
    return {
      ...base,
      verdict: "bad",
      message: "Nobody has signed in yet",
      hint: "Sign in on its page, then look again.",
    };
  if (state?.state === "expired") {
    const message = `The sign-in has ended: ${state.problem ?? "it does not count any more"}`;
    return { ...base, verdict: "bad", message, hint: "Sign in again on its page." };
  }
  const as = state === null ? "" : `Signed in${state.host === null ? "" : ` at ${state.host}`}`;
  if (look?.failure !== null) {
    if (isUnauthorized(look?.failure)) {
      const hint = "Look at its configuration: address, account and secret.";
      return { ...base, verdict: "bad", message: "It does not let PortOS in", hint };
    }
    const message = `${as === "" ? "" : `${as}. `}Whether that counts is not known: the server did not answer`;
    return { ...base, verdict: "skipped", message };
  }
  const problem = state?.problem ?? null;
  if (problem !== null) return { ...base, verdict: "warning", message: problem, hint: "Sign in again for that." };
  return { ...base, verdict: "good", message: as === "" ? "It lets PortOS in" : `${as}, and let in` };
}

function skipped(step: DoctorStep["step"], message: string): DoctorStep {
  return { step, verdict: "skipped", message, hint: null, ms: 0 };
}

/** What it says of itself, judged. */
export function stepsOf({ server, tools }: Introduction): DoctorStep[] {
  const told = server === null ? "" : `${server.name} ${server.version}`.trim().slice(0, 200);
  const version: DoctorStep =
    told === ""
      ? { step: "version", verdict: "skipped", message: "It does not say what it is", hint: null, ms: 0 }
      : { step: "version", verdict: "good", message: told, hint: null, ms: 0 };
  return [version, { step: "tools", ...toolsOf(tools), ms: 0 }];
}

function toolsOf(tools: Introduction["tools"]): Pick<DoctorStep, "verdict" | "message" | "hint"> {
  if (tools.length === 0)
    return { verdict: "warning", message: "It offers no tools", hint: "Look whether it needs variables or arguments." };
  const names = tools.slice(0, mostNames).map(({ name }) => name.slice(0, 80));
  const more = tools.length > names.length ? ` and ${tools.length - names.length} more` : "";
  const count = `${tools.length} ${tools.length === 1 ? "tool" : "tools"}: ${names.join(", ")}${more}`;
  const changed = tools.filter(({ isAccepted, isAsAccepted }) => isAccepted && !isAsAccepted).length;
  if (changed > 0)
    return {
      verdict: "warning",
      message: `${count}; ${changed} described otherwise than accepted, and held back`,
      hint: "Look at what has changed under Tools, and accept it there.",
    };
  const accepted = tools.filter(({ isAccepted }) => isAccepted).length;
  return { verdict: "good", message: accepted === tools.length ? count : `${count}; ${accepted} accepted`, hint: null };
}
