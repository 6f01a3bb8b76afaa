import { randomBytes } from "node:crypto";
import { isAbsolute, relative } from "node:path";

import type {
  CreateTerminalRequest,
  CreateTerminalResponse,
  ReadTextFileRequest,
  ReadTextFileResponse,
  WriteTextFileRequest,
  WriteTextFileResponse,
} from "@agentclientprotocol/sdk";

import { ownCallPrefix } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { shellLine, shellWord } from "../../../lib/shell-line.ts";
import type { AttemptSink } from "../attempt.ts";
import { createPerformer, editTo } from "../perform.ts";
import type { Workspace } from "../workspace.ts";
import type { AcpGrants } from "./acp-grants.ts";
import type { AcpTerminals } from "./acp-terminals.ts";

export interface AcpWork {
  read(request: ReadTextFileRequest): Promise<ReadTextFileResponse>;
  write(request: WriteTextFileRequest): Promise<WriteTextFileResponse>;
  run(request: CreateTerminalRequest): Promise<CreateTerminalResponse>;
}

/** What an agent has its client do: allowed by the mode, by an answer that was just given to it, or asked for; each is told. */
export function createAcpWork(parts: {
  workspace: Workspace;
  sink: AttemptSink;
  terminals: AcpTerminals;
  grants: AcpGrants;
  isStopping: () => boolean;
}): AcpWork {
  const { workspace, sink, terminals, grants, isStopping } = parts;
  const perform = createPerformer({
    workspace,
    sink,
    assertGoingOn: () => {
      if (isStopping()) throw new AppError("conflict", "The run is being ended");
    },
  });

  // Grants are taken before anything is waited for, so that what comes after the request cannot end them first.
  return {
    read({ path, line, limit }) {
      const grant = grants.take({ kind: "read", path });
      const lines = { ...(line == null ? {} : { line }), ...(limit == null ? {} : { limit }) };
      return perform({
        callId: newCallId(),
        name: "fs/read_text_file",
        tool: "read",
        input: { path: withinFolder(workspace, path), ...lines },
        paths: [withinFolder(workspace, path)],
        isCovered: ([place]) => grant !== null && grant.place === place,
        run: async () => {
          const content = someLines(await workspace.read(path), line, limit);
          return { value: { content }, outcome: { output: content } };
        },
      });
    },
    write({ path, content }) {
      const grant = grants.take({ kind: "write", path, content });
      const shown = withinFolder(workspace, path);
      return perform({
        callId: newCallId(),
        name: "fs/write_text_file",
        tool: "edit",
        input: { path: shown },
        paths: [shown],
        edits: async () => [{ ...(await editTo(workspace, path, content)), path: shown }],
        isCovered: ([place]) => grant !== null && grant.place === place,
        run: async () => {
          const former = await workspace.write(path, content);
          return { value: {}, outcome: { output: former === null ? "Made." : "Replaced." } };
        },
      });
    },
    run(request) {
      const { command, args = [], env = [], cwd } = request;
      const words = [command, ...args];
      const grant = env.length > 0 ? null : grants.take({ kind: "run", command: words });
      const folder = withinFolder(workspace, cwd ?? ".") || ".";
      const elsewhere = folder === "." ? {} : { cwd: folder };
      return perform({
        callId: newCallId(),
        name: "terminal/create",
        tool: "execute",
        // As a line for a shell with its assignments no rule takes it for the plain command.
        input: { command: env.length === 0 ? words : lineOf(env, words), ...elsewhere },
        paths: [folder],
        isCovered: ([place]) => grant !== null && place === workspace.folder,
        run: async () => {
          const value = await terminals.create(request);
          const { terminalId } = value;
          const outcome = terminals.wait(terminalId).then(({ exitCode, signal }) => ({
            state: exitCode === 0 ? ("succeeded" as const) : ("failed" as const),
            output: `${terminals.textOf(terminalId)}\n(exit code ${exitCode ?? signal ?? "unknown"})`.trimStart(),
          }));
          return { value, outcome };
        },
      });
    },
  };
}

/** Names a path as it lies in the folder; one outside stays as it is. */
export function withinFolder(workspace: Workspace, path: string): string {
  const way = isAbsolute(path) ? relative(workspace.folder, path) : path;
  return way.startsWith("..") ? path : way;
}

/** Agents name their own calls; this one is nobody else's. */
function newCallId(): string {
  return `${ownCallPrefix}${randomBytes(8).toString("hex")}`;
}

function someLines(text: string, line: number | null | undefined, limit: number | null | undefined): string {
  if (line == null && limit == null) return text;
  const first = Math.max(0, (line ?? 1) - 1);
  return text
    .split("\n")
    .slice(first, limit == null ? undefined : first + limit)
    .join("\n");
}

function lineOf(env: readonly { name: string; value: string }[], words: readonly string[]): string {
  const given = env.map(({ name, value }) => `${name}=${shellWord(value)}`);
  return [...given, shellLine(words)].join(" ");
}
