import type { FailureKind } from "../../contract/features/providers.ts";
import type { PermissionRequest, RunEventBody, ToolCall, Usage } from "../../contract/features/run-events.ts";
import type {
  AnswerFormat,
  Budget,
  LimitNames,
  PermissionMode,
  RunImage,
  StopKind,
} from "../../contract/features/runs.ts";
import type { RunTarget } from "../../contract/internal/runs.ts";
import type { OwnFolders } from "../../lib/own-folders.ts";
import type { Surroundings } from "../worktrees/surroundings.ts";
import type { OutputPosition } from "./store/event-log.ts";
import type { RunChild } from "./store/run-record.ts";
import type { TextPiece } from "./text-joiner.ts";

/** How an attempt ended. Written once. */
export interface AttemptEnd {
  /** `null`: it succeeded. */
  failure: FailureKind | null;
  message: string | null;
  /** What stopped it; not for what took too long. */
  stoppedBy?: StopKind;
  /** When a limit ends, as far as the provider said. */
  backAt?: string | null;
  /** It did not end by itself, but with portos-cos or the machine: how far it came is not known. */
  isCut?: boolean;
  /** The same session can be asked again. */
  canContinue: boolean;
  /** Cleans what it left, once its end is on disk: until then it may have to be read again. Doing it twice does no harm. */
  tidy?: () => Promise<void>;
}

/** A question to the user before something is done. */
export type Question = Pick<PermissionRequest, "call" | "options"> & {
  /** Files and folders it would touch, as far as they are told. */
  paths?: readonly string[];
};

/** What is answered to a question. */
export interface Answer {
  /** `null` denies. */
  optionId: string | null;
  /** Why, as far as somebody has said. */
  reason: string | null;
}

/** What an attempt tells while it runs. */
export interface AttemptSink {
  text(piece: TextPiece, position?: OutputPosition): void;
  /** Text that was told before this process began. */
  recall(piece: TextPiece): void;
  event(body: RunEventBody, position?: OutputPosition): void;
  /** All that this attempt has used so far. */
  usage(total: Usage): void;
  /** The agent's own name for its session. */
  session(agentSessionId: string): void;
  /** The terminal of portos-cos it runs in. */
  terminal(sessionId: string): void;
  /** Puts a question to the user. A rule of the permission mode may answer at once. */
  ask(question: Question): Promise<Answer>;
  /** Remembers a detached child before anything of it is read. */
  child(child: RunChild | null): Promise<void>;
}

/** What an attempt is given. */
export interface AttemptTask<T extends RunTarget = RunTarget> {
  runId: string;
  number: number;
  target: T;
  /** The run's own folder under `data/runs`. */
  runFolder: string;
  /** Folder to work in. */
  folder: string;
  text: string;
  /** Pictures that belong to the text, in order. */
  images: readonly RunImage[];
  /** All the run was given, which what was said before may speak of. */
  runImages: readonly RunImage[];
  answerFormat: AnswerFormat;
  permissionMode: PermissionMode;
  budget: Budget;
  limitNames: LimitNames;
  /** What its programs are started in. */
  surroundings: Surroundings;
  /** What it must not reach. */
  own: OwnFolders;
  /** Session to go on with, `null` for a new one. */
  agentSessionId: string | null;
  sink: AttemptSink;
}

/** An attempt that runs. */
export interface RunningAttempt {
  /** Settles once and never rejects. */
  readonly ended: Promise<AttemptEnd>;
  /** Interrupts, then terminates, then kills, with everything it has started. */
  stop(): void;
  /** Lets go of a child that can be found again; everything else is stopped. */
  release(): void;
}

export type ApiTarget = Extract<RunTarget, { engine: "api" }>;
export type ProgramTarget = Exclude<RunTarget, { engine: "api" }>;

/** Whether a call only looks. */
export function isReading(call: Pick<ToolCall, "tool">): boolean {
  return call.tool === "read" || call.tool === "search" || call.tool === "think";
}
