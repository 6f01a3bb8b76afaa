import type { ToolSet } from "ai";
import { z } from "zod";

import { AppError } from "../../../lib/app-error.ts";
import { childEnvironment } from "../../../lib/processes/child-environment.ts";
import { brandProgram } from "../../../lib/processes/run-brand.ts";
import { runCommand } from "../../../lib/processes/run-command.ts";
import type { Surroundings } from "../../worktrees/surroundings.ts";
import type { AttemptSink } from "../attempt.ts";
import { createPerformer, editTo, NotAllowed, whyNot, type Work } from "../perform.ts";
import type { Workspace } from "../workspace.ts";

const longestReply = 48 * 1024;
const mostMatches = 200;
const commandTimeoutMs = 120_000;

export interface ApiToolOptions {
  workspace: Workspace;
  sink: AttemptSink;
  signal: AbortSignal;
  /** What commands are started in. */
  surroundings: Surroundings;
  /** `NAME`, `value` put into the environment of commands. */
  mark: [string, string];
}

const path = z.string().max(4_096).describe("Path relative to the folder");

type ToolWork = Omit<Work<string>, "callId" | "run"> & { run: () => Promise<string> };

/** Does what was called, once it may be done; a model is told in words what did not work. */
function createToolPerformer(options: ApiToolOptions): (callId: string, work: ToolWork) => Promise<string> {
  const { signal } = options;
  const perform = createPerformer({
    ...options,
    assertGoingOn: () => {
      signal.throwIfAborted();
    },
  });
  return async (callId, work) => {
    const run = async () => {
      const value = capped(await work.run());
      return { value, outcome: { output: value } };
    };
    try {
      return await perform({ ...work, callId, run });
    } catch (error) {
      if (error instanceof NotAllowed) return error.message;
      if (!(error instanceof AppError)) signal.throwIfAborted();
      return `Error: ${whyNot(error)}`;
    }
  };
}

/** What a model may do in the folder of its run. Each call is told, asked for where the permission mode wants it, and its reply is capped. */
export function createApiTools(options: ApiToolOptions): ToolSet {
  const { workspace, signal } = options;
  const perform = createToolPerformer(options);
  return {
    read_file: {
      description: "Read a text file of the folder, whole or some of its lines.",
      inputSchema: z.object({
        path,
        fromLine: z.int().min(1).optional(),
        lines: z.int().min(1).max(5_000).optional(),
      }),
      execute: (input: { path: string; fromLine?: number; lines?: number }, { toolCallId }) =>
        perform(toolCallId, {
          name: "read_file",
          tool: "read",
          input,
          paths: [input.path],
          run: async () => {
            const text = await workspace.read(input.path);
            if (input.fromLine === undefined && input.lines === undefined) return text;
            const first = (input.fromLine ?? 1) - 1;
            return text
              .split("\n")
              .slice(first, first + (input.lines ?? 500))
              .join("\n");
          },
        }),
    },
    list_folder: {
      description: "List the names in a folder; folders end with a slash.",
      inputSchema: z.object({ path: path.default(".") }),
      execute: (input: { path: string }, { toolCallId }) =>
        perform(toolCallId, {
          name: "list_folder",
          tool: "search",
          input,
          paths: [input.path],
          run: async () => (await workspace.list(input.path)).join("\n") || "(empty)",
        }),
    },
    search_text: {
      description: "Find the lines that contain a text, in all files under a folder (not in .git and node_modules).",
      inputSchema: z.object({ pattern: z.string().min(1).max(500), path: path.default(".") }),
      execute: (input: { pattern: string; path: string }, { toolCallId }) =>
        perform(toolCallId, {
          name: "search_text",
          tool: "search",
          input,
          paths: [input.path],
          run: async () =>
            (await workspace.search(input.pattern, input.path, mostMatches, signal)).join("\n") || "(nothing found)",
        }),
    },
    write_file: {
      description: "Make a text file or replace the whole text of one.",
      inputSchema: z.object({ path, text: z.string().max(1_000_000) }),
      execute: (input: { path: string; text: string }, { toolCallId }) =>
        perform(toolCallId, {
          name: "write_file",
          tool: "edit",
          input: { path: input.path },
          paths: [input.path],
          edits: async () => [await editTo(workspace, input.path, input.text)],
          run: async () => ((await workspace.write(input.path, input.text)) === null ? "Made." : "Replaced."),
        }),
    },
    edit_file: {
      description: "Replace one place in a text file. The old text must occur exactly once.",
      inputSchema: z.object({ path, oldText: z.string().min(1).max(500_000), newText: z.string().max(500_000) }),
      execute: (input: { path: string; oldText: string; newText: string }, { toolCallId }) =>
        perform(toolCallId, {
          name: "edit_file",
          tool: "edit",
          input: { path: input.path },
          paths: [input.path],
          edits: async () => [await editTo(workspace, input.path, await edited(workspace, input))],
          run: async () => {
            await workspace.write(input.path, await edited(workspace, input));
            return "Edited.";
          },
        }),
    },
    run_command: {
      description: "Run a program in the folder, without a shell: the program and each argument are separate texts.",
      inputSchema: z.object({
        command: z.array(z.string().max(100_000)).min(1).max(200),
        timeoutSeconds: z.int().min(1).max(600).optional(),
      }),
      execute: (input: { command: string[]; timeoutSeconds?: number }, { toolCallId }) =>
        perform(toolCallId, {
          name: "run_command",
          tool: "execute",
          input,
          paths: [],
          run: () => runProgram(input, options),
        }),
    },
  };
}

async function edited(workspace: Workspace, input: { path: string; oldText: string; newText: string }) {
  const text = await workspace.read(input.path);
  const parts = text.split(input.oldText);
  if (parts.length !== 2)
    throw new AppError("invalid_request", `The old text occurs ${parts.length - 1} times in ${input.path}, not once`);
  return parts.join(input.newText);
}

async function runProgram(
  input: { command: string[]; timeoutSeconds?: number },
  { workspace, surroundings, mark: [name, value], signal }: ApiToolOptions,
): Promise<string> {
  const cwd = workspace.folder;
  const [named = "", ...rest] = input.command;
  const timeoutMs = input.timeoutSeconds === undefined ? commandTimeoutMs : input.timeoutSeconds * 1_000;
  const env = { ...surroundings.environment, [name]: value, PWD: cwd };
  const { file, args } = brandProgram(surroundings.wrap({ file: named, args: rest }, { agent: null, cwd }), {
    cwd,
    searchPath: childEnvironment(env)["PATH"],
  });
  const result = await runCommand(file, args, {
    cwd,
    timeoutMs,
    maxBytes: longestReply,
    env,
    signal,
    isBackground: true,
  });
  if (result.startError !== null) throw new AppError("not_found", `${named} cannot be started (${result.startError})`);
  const end = result.isTimedOut
    ? `(ended after ${timeoutMs / 1000} s)`
    : `(exit code ${result.code ?? result.signal ?? "unknown"})`;
  return [result.stdout, result.stderr, end].filter((part) => part !== "").join("\n");
}

function capped(text: string): string {
  if (text.length <= longestReply) return text;
  return `${text.slice(0, longestReply)}\n… (${text.length - longestReply} more characters)`;
}
