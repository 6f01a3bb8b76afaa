import { relative } from "node:path";

import type { RequestPermissionRequest, RequestPermissionResponse } from "@agentclientprotocol/sdk";

import { AppError } from "../../../lib/app-error.ts";
import type { AttemptSink } from "../attempt.ts";
import { isAllowing, isInside } from "../permission-policy.ts";
import type { Workspace } from "../workspace.ts";
import { createAcpGrants } from "./acp-grants.ts";
import type { AcpTerminals } from "./acp-terminals.ts";
import { optionsOf, type AcpUpdates } from "./acp-updates.ts";
import { createAcpWork, withinFolder } from "./acp-work.ts";

interface ClientParts {
  acp: typeof import("@agentclientprotocol/sdk");
  sink: AttemptSink;
  workspace: Workspace;
  updates: AcpUpdates;
  terminals: AcpTerminals;
  /** `isLoading`: what comes now was told before. */
  state: { isStopping(): boolean; isLoading: boolean };
}

/** Our side of the protocol: updates become events, questions go to the user, and so does what it wants done with files and commands, as the mode has it. */
export function acpClient({ acp, sink, workspace, updates, terminals, state }: ClientParts) {
  const { client } = acp.methods;
  const grants = createAcpGrants(workspace);
  const onDemand = createAcpWork({ workspace, sink, terminals, grants, isStopping: () => state.isStopping() });

  async function ask(request: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const { toolCallId } = request.toolCall;
    const call = updates.callOf(request.toolCall);
    const options = optionsOf(request.options);
    const told = [...updates.pathsOf(toolCallId), ...call.edits.map(({ path }) => path)];
    const paths = await Promise.all(told.map((path) => realPlace(workspace, path)));
    const edits = call.edits.map((edit) => ({ ...edit, path: withinFolder(workspace, edit.path) }));
    const shown = await grants.shownIn({ ...call, edits });
    if (state.isStopping()) return { outcome: { outcome: "cancelled" } };
    const { optionId, reason } = await sink.ask({ call: { ...call, edits }, options, paths });
    if (isAllowing(options, optionId)) grants.add(shown);
    else updates.deny(toolCallId, reason);
    const chosen = optionId ?? options.find(({ kind }) => kind === "deny-once")?.optionId;
    if (state.isStopping() || chosen === undefined) return { outcome: { outcome: "cancelled" } };
    return { outcome: { outcome: "selected", optionId: chosen } };
  }

  async function safely<T>(work: () => Promise<T> | T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found")
        throw acp.RequestError.resourceNotFound(error.message);
      if (error instanceof AppError) throw acp.RequestError.invalidParams(undefined, error.message);
      throw error;
    }
  }

  return acp
    .client({ name: "portos" })
    .onNotification(client.session.update, ({ params }) => {
      const { update } = params;
      if (state.isLoading) return;
      if (update.sessionUpdate === "tool_call_update" && (update.status === "completed" || update.status === "failed"))
        grants.end(update.toolCallId);
      updates.take(update);
    })
    .onRequest(client.session.requestPermission, ({ params }) => ask(params))
    .onRequest(client.fs.readTextFile, ({ params }) => safely(() => onDemand.read(params)))
    .onRequest(client.fs.writeTextFile, ({ params }) => safely(() => onDemand.write(params)))
    .onRequest(client.terminal.create, ({ params }) => safely(() => onDemand.run(params)))
    .onRequest(client.terminal.output, ({ params }) => safely(() => terminals.output(params.terminalId)))
    .onRequest(client.terminal.waitForExit, ({ params }) => safely(() => terminals.wait(params.terminalId)))
    .onRequest(client.terminal.kill, ({ params }) =>
      safely(async () => {
        await terminals.kill(params.terminalId);
        return {};
      }),
    )
    .onRequest(client.terminal.release, ({ params }) =>
      safely(async () => {
        await terminals.release(params.terminalId);
        return {};
      }),
    );
}

/** Where a path really leads: relative to the folder, absolute when it leaves it, `/` when nobody can tell. */
async function realPlace(workspace: Workspace, path: string): Promise<string> {
  try {
    const place = await workspace.place(path);
    return isInside(workspace.folder, place) ? relative(workspace.folder, place) || "." : place;
  } catch (error) {
    if (error instanceof AppError) return "/";
    throw error;
  }
}
