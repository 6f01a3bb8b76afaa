import { resolve } from "node:path";

import type { ToolCall } from "../../../contract/features/run-events.ts";
import { AppError } from "../../../lib/app-error.ts";
import { list, record, textOrNull } from "../json-value.ts";
import { textOrNothing } from "../perform.ts";
import type { Workspace } from "../workspace.ts";

/** What an agent was just allowed to do, as it was shown. */
type Deed =
  | { kind: "read"; path: string }
  | { kind: "write"; path: string; content: string }
  | { kind: "run"; command: string[] | string };

interface Grant {
  callId: string;
  deed: Deed;
  /** Where the path led when it was shown. */
  place: string | null;
}

export interface AcpGrants {
  /** What a question shows that PortOS may be asked to do afterwards. To be looked up before it is asked. */
  shownIn(call: ToolCall): Promise<Grant[]>;
  /** The question was answered with yes. */
  add(grants: readonly Grant[]): void;
  /** The call is over, and what was allowed for it, too. */
  end(callId: string): void;
  /** Takes the answer that covers exactly this; it counts once. The place its path leads to is to be compared. */
  take(deed: Extract<Deed, { path: string }> | { kind: "run"; command: string[] }): { place: string | null } | null;
}

/**
 * Answers to questions agents ask before they have their client do it: each covers the file with the content, or the command,
 * that was shown, once, while its call lasts. The folder is the one of the run, nothing is put into the environment.
 */
export function createAcpGrants(workspace: Workspace): AcpGrants {
  let open: Grant[] = [];
  const absolute = (path: string): string => resolve(workspace.folder, path);

  return {
    async shownIn(call) {
      const grants: Grant[] = [];
      for (const deed of await deedsOf(workspace, call)) {
        if (deed.kind === "run") grants.push({ callId: call.callId, deed, place: null });
        else {
          const place = await unlessRefused(workspace.locate(deed.path));
          const path = absolute(deed.path);
          if (place !== null) grants.push({ callId: call.callId, deed: { ...deed, path }, place });
        }
      }
      return grants;
    },
    add(grants) {
      open.push(...grants);
    },
    end(callId) {
      open = open.filter((grant) => grant.callId !== callId);
    },
    take(wanted) {
      const deed = wanted.kind === "run" ? wanted : { ...wanted, path: absolute(wanted.path) };
      const found = open.find((grant) => isSame(grant.deed, deed));
      open = open.filter((grant) => grant !== found);
      return found === undefined ? null : { place: found.place };
    },
  };
}

function isSame(shown: Deed, wanted: Deed): boolean {
  if (shown.kind === "run" && wanted.kind === "run" && typeof wanted.command !== "string")
    return isSameCommand(shown.command, wanted.command);
  if (shown.kind === "write" && wanted.kind === "write")
    return shown.path === wanted.path && shown.content === wanted.content;
  return shown.kind === "read" && wanted.kind === "read" && shown.path === wanted.path;
}

const shell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z)?sh$/;
const plainWord = /^[\w@%+=:,./-]+$/;

/** Whether the words that would be run are the command that was shown: itself, or in a shell where it was a line for one. */
function isSameCommand(shown: string[] | string, words: readonly string[]): boolean {
  if (typeof shown !== "string")
    return shown.length === words.length && shown.every((word, index) => word === words[index]);
  const [program = "", flag = "", script] = words;
  if (words.length === 3 && shell.test(program) && /^-l?c$/.test(flag)) return script === shown;
  return words.every((word) => plainWord.test(word)) && words.join(" ") === shown;
}

async function deedsOf(workspace: Workspace, call: ToolCall): Promise<Deed[]> {
  // What claims to only look may have been let through unseen.
  if (call.tool === "read") return readsOf(call);
  if (call.tool === "execute") return commandsOf(call);
  return call.tool === "edit" || call.tool === "other" ? writesOf(workspace, call) : [];
}

/** The arguments as they were shown; of those that were cut nothing counts. */
function shownInput(call: ToolCall): ReturnType<typeof record> {
  try {
    return record(JSON.parse(call.input ?? "null"));
  } catch {
    return {};
  }
}

const pathNames = ["path", "file_path", "filePath", "absolute_path", "filepath"];

function readsOf(call: ToolCall): Deed[] {
  const input = shownInput(call);
  const named = new Set(pathNames.flatMap((name) => textOrNull(input[name]) ?? []));
  return [...named].slice(0, 1).flatMap((path) => (named.size === 1 ? [{ kind: "read" as const, path }] : []));
}

function commandsOf(call: ToolCall): Deed[] {
  const { command, args, cwd, workdir, env } = shownInput(call);
  // Elsewhere, or with something in its environment, it is another command.
  if (cwd !== undefined || workdir !== undefined || env !== undefined) return [];
  const words = Array.isArray(command) ? command : args === undefined ? null : [command, ...list(args)];
  if (words === null) return typeof command === "string" ? [{ kind: "run", command }] : [];
  return words.every((word) => typeof word === "string") ? [{ kind: "run", command: words }] : [];
}

/** The whole content each file would have after what was shown, given what it has now. */
async function writesOf(workspace: Workspace, call: ToolCall): Promise<Deed[]> {
  const contents = new Map<string, string | null | undefined>();
  for (const { path, before, after, isCut } of call.edits) {
    const now = contents.has(path) ? contents.get(path) : await unlessRefused(textOrNothing(workspace, path));
    contents.set(path, isCut || now === undefined ? undefined : changed(now, before, after));
  }
  return [...contents].flatMap(([path, content]) => (content == null ? [] : [{ kind: "write", path, content }]));
}

/** `undefined` when what was shown does not tell the whole content. */
function changed(now: string | null, before: string | null, after: string): string | undefined {
  if (before === null || before === "" || now === before) return after;
  const parts = (now ?? "").split(before);
  return parts.length === 2 ? parts.join(after) : undefined;
}

async function unlessRefused<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
