import { isAbsolute, relative } from "node:path";

import type { RequestPermissionRequest, RequestPermissionResponse } from "@agentclientprotocol/sdk";

import { AppError } from "../../../lib/app-error.ts";
import type { AttemptSink } from "../attempt.ts";
import { isAllowing } from "../permission-policy.ts";
import type { Workspace } from "../workspace.ts";
import type { AcpTerminals } from "./acp-terminals.ts";
import { optionsOf, type AcpUpdates } from "./acp-updates.ts";

interface ClientParts {
  acp: typeof import("@agentclientprotocol/sdk");
  sink: AttemptSink;
  workspace: Workspace;
  updates: AcpUpdates;
  terminals: AcpTerminals;
  /** `isLoading`: what comes now was told before. */
  state: { isStopping(): boolean; isLoading: boolean };
}

/** Our side of the protocol: updates become events, questions go to the user, files and commands stay in the run's folder. */
export function acpClient({ acp, sink, workspace, updates, terminals, state }: ClientParts) {
  const { client } = acp.methods;

  async function ask(request: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const { toolCallId } = request.toolCall;
    const call = updates.callOf(request.toolCall);
    const options = optionsOf(request.options);
    const told = [...updates.pathsOf(toolCallId), ...call.edits.map(({ path }) => path)];
    const paths = await Promise.all(told.map((path) => realPlace(workspace, path)));
    const edits = call.edits.map((edit) => ({ ...edit, path: withinFolder(workspace, edit.path) }));
    if (state.isStopping()) return { outcome: { outcome: "cancelled" } };
    const optionId = await sink.ask({ call: { ...call, edits }, options, paths });
    if (!isAllowing(options, optionId)) updates.deny(toolCallId);
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
      if (!state.isLoading) updates.take(params.update);
    })
    .onRequest(client.session.requestPermission, ({ params }) => ask(params))
    .onRequest(client.fs.readTextFile, ({ params }) =>
      safely(async () => {
        const text = await workspace.read(params.path);
        if (params.line == null && params.limit == null) return { content: text };
        const first = Math.max(0, (params.line ?? 1) - 1);
        const lines = text.split("\n").slice(first, params.limit == null ? undefined : first + params.limit);
        return { content: lines.join("\n") };
      }),
    )
    .onRequest(client.fs.writeTextFile, ({ params }) =>
      safely(async () => {
        await workspace.write(params.path, params.content);
        return {};
      }),
    )
    .onRequest(client.terminal.create, ({ params }) => safely(() => terminals.create(params)))
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

/** Where a path really leads, relative to the folder; `/` for one that leaves it. */
async function realPlace(workspace: Workspace, path: string): Promise<string> {
  try {
    return relative(workspace.folder, await workspace.locate(path)) || ".";
  } catch (error) {
    if (error instanceof AppError) return "/";
    throw error;
  }
}

function withinFolder(workspace: Workspace, path: string): string {
  const way = isAbsolute(path) ? relative(workspace.folder, path) : path;
  return way.startsWith("..") ? path : way;
}
