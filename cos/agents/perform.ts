import { relative } from "node:path";

import type { FileEdit, ToolCall, ToolKind } from "../../contract/features/run-events.ts";
import { AppError } from "../../lib/app-error.ts";
import { errorCode } from "../../lib/durable-file.ts";
import { isGuarded } from "../../lib/guarded-paths.ts";
import type { AttemptSink } from "./attempt.ts";
import { isAllowing, ownOptions } from "./permission-policy.ts";
import { toolCall, type CallFacts } from "./tool-call.ts";
import type { Workspace } from "./workspace.ts";

/** How something PortOS did for an agent came out. */
export interface Outcome {
  state?: "succeeded" | "failed";
  output: string;
}

/** Something PortOS is to do for an agent. */
export interface Work<T> {
  callId: string;
  name: string;
  tool: ToolKind;
  input: unknown;
  paths: string[];
  /** What it would change, shown with the question. */
  edits?: () => Promise<FileEdit[]>;
  /** Whether the user has just allowed exactly this, at these places. */
  isCovered?: (places: readonly string[]) => boolean;
  /** `outcome` may come later than the value, for what goes on. */
  run: () => Promise<{ value: T; outcome: Outcome | Promise<Outcome> }>; // the outcome never rejects
}

/** The user, a rule or PortOS itself said no. */
export class NotAllowed extends AppError {
  constructor(reason: string | null) {
    const said =
      reason === null || reason.trim() === "" ? "It was denied." : `It was denied: ${asSentence(reason.trim())}`;
    super("forbidden", `${said} Nothing was done. Do not try it again; go on without it or say what you need.`);
  }
}

function asSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

export type Perform = <T>(work: Work<T>) => Promise<T>;

/** Does what an agent wants PortOS to do, once it may be done, and tells each step. `assertGoingOn` throws when the run is ending. */
export function createPerformer(parts: {
  workspace: Workspace;
  sink: AttemptSink;
  assertGoingOn: () => void;
}): Perform {
  const { workspace, sink, assertGoingOn } = parts;
  /** Kinds of calls the user allowed for the rest of this run. */
  const allowed = new Set<ToolKind>();

  /** Throws `NotAllowed`. */
  async function demand<T>(work: Work<T>, edits: FileEdit[], places: readonly string[]): Promise<void> {
    // What shells, editors, git or agents run later is shown each time.
    const isKept = places.some((place) => isGuarded(workspace.folder, place));
    if ((allowed.has(work.tool) && !isKept) || work.isCovered?.(places) === true) return;
    const inside = places.map((place) => relative(workspace.folder, place) || ".");
    const { optionId, reason } = await sink.ask({
      call: { ...toolCall(factsOf(work)), state: "pending", edits },
      options: ownOptions,
      paths: [...work.paths, ...inside],
    });
    if (optionId === "allow-always") allowed.add(work.tool);
    if (!isAllowing(ownOptions, optionId)) throw new NotAllowed(reason);
  }

  return async (work) => {
    let edits: FileEdit[] = [];
    const tell = (state: ToolCall["state"], output?: string): void => {
      sink.event({ kind: "tool", call: { ...toolCall({ ...factsOf(work), state, output }), edits } });
    };
    const tellOutcome = ({ state, output }: Outcome): void => {
      tell(state ?? "succeeded", output);
    };
    try {
      assertGoingOn();
      const places = await Promise.all(work.paths.map((path) => workspace.locate(path)));
      // What is refused anyhow is nothing to ask anybody for.
      if (work.tool === "edit") for (const path of work.paths) await workspace.checkWrite(path);
      edits = toolCall({ ...factsOf(work), edits: (await work.edits?.()) ?? [] }).edits;
      tell("pending");
      await demand(work, edits, places);
      assertGoingOn();
      tell("running");
      const { value, outcome } = await work.run();
      if (outcome instanceof Promise) void outcome.then(tellOutcome);
      else tellOutcome(outcome);
      return value;
    } catch (error) {
      tell(error instanceof NotAllowed ? "denied" : "failed", whyNot(error));
      throw error;
    }
  };
}

const systemErrors: Partial<Record<string, string>> = {
  EACCES: "It may not be touched by the user PortOS runs as",
  EISDIR: "It is a folder",
  ENAMETOOLONG: "Its name is too long",
  ENOENT: "There is no such file or folder",
  ENOSPC: "The disk is full",
  ENOTDIR: "It is no folder",
  EPERM: "It may not be touched by the user PortOS runs as",
  EROFS: "It lies on a disk that cannot be written",
};

/** Why something was not done, as an agent and the transcript are told. */
export function whyNot(error: unknown): string {
  if (error instanceof AppError) return error.message;
  return systemErrors[errorCode(error) ?? ""] ?? "It failed";
}

function factsOf({ callId, name, tool, input }: Omit<Work<unknown>, "run">): CallFacts {
  return { callId, name, tool, input };
}

/** The change of a whole file, as it is shown. */
export async function editTo(workspace: Workspace, file: string, after: string): Promise<FileEdit> {
  return { path: file, before: await textOrNothing(workspace, file), after, isCut: false };
}

/** Text of a file; `null` when there is none. */
export async function textOrNothing(workspace: Workspace, file: string): Promise<string | null> {
  return workspace.read(file).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  });
}
