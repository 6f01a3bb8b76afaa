import type { PermissionMode } from "../../../contract/features/runs.ts";
import type { ProgramTarget } from "../attempt.ts";

let protocol: Promise<typeof import("@agentclientprotocol/sdk")> | null = null;

/** The protocol's library, loaded when it is needed first. */
export function loadProtocol(): Promise<typeof import("@agentclientprotocol/sdk")> {
  protocol ??= import("@agentclientprotocol/sdk");
  return protocol;
}

/** How an agent is started so that it asks: some ask only when they are told to, and some take their model as an argument only. */
export function programFor(
  target: Pick<ProgramTarget, "agent" | "command" | "model">,
  permissionMode: PermissionMode,
): { file: string; args: string[]; env: Record<string, string> } {
  const [file = "", ...args] = target.command;
  const { agent, model } = target;
  const takesModel = (agent === "gemini" || agent === "qwen") && model !== null;
  const ask = { edit: "ask", bash: "ask", webfetch: "ask", external_directory: "ask" };
  const env: Record<string, string> = {};
  if (agent === "opencode" && permissionMode !== "free") env["OPENCODE_PERMISSION"] = JSON.stringify(ask);
  if (agent === "claude" && model !== null) env["ANTHROPIC_MODEL"] = model;
  return { file, args: takesModel ? [...args, "-m", model] : args, env };
}
