import { relative } from "node:path";

import type { FileEdit, ToolCall, ToolKind } from "../../contract/features/run-events.ts";
import { AppError } from "../../lib/app-error.ts";
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

/** The user, or the mode of the run, said no. */
export class NotAllowed extends AppError {
  constructor() {
    super("forbidden", "The user does not allow this. Do not try it again; go on without it or say what you need.");
  }
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

  async function mayDo<T>(work: Work<T>, edits: FileEdit[], places: readonly string[]): Promise<boolean> {
    // What shells, editors, git or agents run later is shown each time.
    const isKept = places.some((place) => isGuarded(workspace.folder, place));
    if ((allowed.has(work.tool) && !isKept) || work.isCovered?.(places) === true) return true;
    const inside = places.map((place) => relative(workspace.folder, place) || ".");
    const optionId = await sink.ask({
      call: { ...toolCall(factsOf(work)), state: "pending", edits },
      options: ownOptions,
      paths: [...work.paths, ...inside],
    });
    if (optionId === "allow-always") allowed.add(work.tool);
    return isAllowing(ownOptions, optionId);
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
      edits = toolCall({ ...factsOf(work), edits: (await work.edits?.()) ?? [] }).edits;
      tell("pending");
      if (!(await mayDo(work, edits, places))) throw new NotAllowed();
      assertGoingOn();
      tell("running");
      const { value, outcome } = await work.run();
      if (outcome instanceof Promise) void outcome.then(tellOutcome);
      else tellOutcome(outcome);
      return value;
    } catch (error) {
      if (error instanceof NotAllowed) tell("denied");
      else tell("failed", error instanceof AppError ? error.message : "It failed");
      throw error;
    }
  };
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
