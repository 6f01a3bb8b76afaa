import type { Approval, ApprovalChange, ApprovalSubject } from "../../../contract/features/approvals.ts";
import type { RunEvent } from "../../../contract/features/run-events.ts";
import type { Run, RunInput } from "../../../contract/features/runs.ts";
import type { Process } from "../../../contract/features/processes.ts";
import type { WorktreeSetup } from "../../../contract/features/worktrees.ts";
import type { Incident, IncidentDetail } from "../../../contract/internal/autofixer.ts";
import type { SessionInfo } from "../../../contract/internal/cos.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";

/** An app as a repair needs to know it. */
export interface RepairedApp {
  id: string;
  name: string;
  folder: string;
  isArchived: boolean;
  processes: readonly { name: string; ports: readonly number[] }[];
}

/** The work of a run, and where it has gone. */
export interface RepairReview {
  state: "open" | "merged" | "branch" | "discarded";
  tree: string;
  files: number;
  added: number;
  removed: number;
  paths: string[];
  by: string | null;
  commit: string | null;
}

type Check = WorktreeSetup["checks"][number];

/** What repairs are built on: other features, as functions. */
export interface RepairParts {
  incidents: {
    get(id: string): Promise<IncidentDetail>;
    isUp(): boolean;
    /** Unsettled ones and those settled last, as last heard. */
    heard(): { active: readonly Incident[]; settled: readonly Incident[] };
  };
  apps: {
    find(appId: string): RepairedApp | undefined;
    restart(appId: string, processName: string): Promise<unknown>;
  };
  /** A process as PM2 shows it; `null`: it is not there; "unknown": PM2 does not answer. */
  process(key: string): Pick<Process, "status" | "restarts"> | null | "unknown";
  isAnswering(port: number): Promise<boolean>;
  /** Folder PortOS itself runs from. */
  ownFolder: string;
  isRepository(folder: string): Promise<boolean>;
  /** Who is asked, the best first; `null`: there is no agent. */
  agent(appId: string | null): Promise<{ providerId: string; model: string | null; name: string } | null>;
  runs: {
    create(
      input: RunInput,
      source: Run["source"],
      extras: { id: string; priority?: "urgent" | "high" | "normal" | "low" },
    ): Promise<Run[]>;
    get(id: string): Promise<Run>;
    say(id: string, text: string): Promise<Run>;
    stop(id: string, reason: string | null): Promise<Run>;
    events(id: string, query: { after: number; limit: number }): Promise<{ events: RunEvent[]; last: number }>;
  };
  newRunId(): string;
  checksOf(appId: string): Promise<readonly Check[]>;
  /** Runs a check in the worktree of a run. */
  command(runId: string, check: Check): Promise<Pick<SessionInfo, "id">>;
  session(
    id: string,
  ): Promise<Pick<SessionInfo, "state" | "exitCode" | "reason" | "signal" | "problem" | "createdAt" | "endedAt">>;
  killSession(id: string): Promise<unknown>;
  /** So many checks were ended because everything was stopped. */
  checksStopped(count: number): Promise<void>;
  reviews: {
    /** Opens a review of what a run that has ended has changed, and reads it; `null`: it has changed nothing. */
    open(run: Run): Promise<RepairReview | null>;
    /** Where the work has gone, without looking at its files; `null`: there is no review. */
    peek(runId: string): Pick<RepairReview, "state" | "by" | "commit"> | null;
    /** The work as it is now; `null`: there is none. */
    read(runId: string): Promise<RepairReview | null>;
    changes(runId: string): Promise<ApprovalChange[]>;
    merge(runId: string, merge: { tree: string; message: string; by: string }): Promise<RepairReview>;
    undo(runId: string, by: string): Promise<RepairReview>;
  };
  approvals: {
    ask(question: { subject: ApprovalSubject; hash: string }): Promise<Approval>;
    get(id: string): Promise<Approval>;
    open(): readonly Approval[];
    withdraw(id: string, reason: string): Promise<void>;
  };
  /** The work of this run did not hold: whoever did it has failed, however well the run ended. Said twice it counts once. */
  didNotHold(runId: string): Promise<void>;
  /** Why nothing may be started, in one sentence. */
  panic(): string | null;
  notifications: {
    notify(notice: {
      level: "info" | "success" | "warning" | "error";
      title: string;
      message: string;
      link: string;
      key: string;
      needsYou: boolean;
    }): Promise<unknown>;
    settle(key: string): Promise<void>;
  };
  clock: Clock;
  logger: Logger;
}
