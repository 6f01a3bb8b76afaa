import type { DoctorStep } from "../../../contract/features/connectors.ts";
import type { AnyConnector, Introduction, OperationContext } from "../../connectors/framework/define-connector.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";

type Program = NonNullable<AnyConnector["program"]>;

const mostNames = 12;

/** Starts a program that is a connector, unless it runs, and says who it is and what it offers; never rejects. */
export async function examineProgram(
  { introduce }: Program,
  context: OperationContext<Record<string, unknown>>,
  monotonic: () => number,
): Promise<DoctorStep[]> {
  const from = monotonic();
  const ms = (): number => Math.max(0, Math.round(monotonic() - from));
  try {
    const found = await introduce(context);
    const message = "It runs and speaks MCP";
    return [{ step: "program", verdict: "good", message, hint: null, ms: ms() }, ...stepsOf(found)];
  } catch (error) {
    const { message, hint = null } = toGatewayError(error);
    const why = "Not looked at: the program did not answer";
    return [
      { step: "program", verdict: "bad", message, hint, ms: ms() },
      { step: "version", verdict: "skipped", message: why, hint: null, ms: 0 },
      { step: "tools", verdict: "skipped", message: why, hint: null, ms: 0 },
    ];
  }
}

/** What a program says of itself, judged. */
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
