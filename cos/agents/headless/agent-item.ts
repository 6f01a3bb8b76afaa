import type { FailureKind } from "../../../contract/features/providers.ts";
import type { RunEventBody, ToolCall, Usage } from "../../../contract/features/run-events.ts";

/** One thing a program said in its JSON stream. */
export type AgentItem =
  | { kind: "text" | "reasoning"; text: string }
  | { kind: "tool"; call: ToolCall }
  | Extract<RunEventBody, { kind: "plan" | "notice" }>
  | { kind: "session"; id: string }
  /** All that was used so far. */
  | { kind: "usage"; usage: Usage }
  /** It said itself that it did not work. */
  | { kind: "failed"; failure: FailureKind; message: string }
  /** It said itself that it is done. */
  | { kind: "done" };

/** Turns the JSON lines of one program into items; keeps what it needs to know of earlier lines. */
export interface AgentParser {
  line(value: unknown): AgentItem[];
}
