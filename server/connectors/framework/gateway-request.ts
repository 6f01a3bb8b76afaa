import type { NetworkMode } from "../../../contract/features/connectors.ts";
import type { ConnectorPolicy } from "../../../contract/features/connectors.ts";
import type { EvidenceStep, OutsideCaller } from "../../../contract/features/evidence.ts";
import type { ApprovalSubject } from "../../../contract/features/approvals.ts";
import type { CircuitBreaker } from "../../../lib/circuit-breaker.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { ResolveName } from "../../../lib/guarded-http/host-judgement.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { RetryPolicy } from "../../../lib/retry.ts";
import type { TrustTier } from "../../../contract/features/connectors.ts";
import type { AnyConnector } from "./define-connector.ts";
import type { EvidenceBook } from "./evidence/evidence-book.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { PolicyJudge } from "./policy.ts";
import type { RateLimiter } from "./rate-limit.ts";
import type { ConnectorRegistry } from "./registry.ts";
import type { Trust } from "./trust.ts";

/** One call as it is asked for. */
export interface GatewayRequest {
  connector: string;
  operation: string;
  params: Readonly<Record<string, unknown>>;
  caller: OutsideCaller;
  correlationId: string;
  /** Stops before anything leaves. */
  isDryRun?: boolean | undefined;
  /** A write with one is put into the outbox and delivered from there, at least once. */
  idempotencyKey?: string | undefined;
  /** Deliveries with the same one keep their order. */
  orderingKey?: string | undefined;
  /** `planning`: the caller may look, not act. */
  phase?: "planning" | "acting" | undefined;
  /** Asks before what changes something, also where the policy would not. */
  asksBeforeWrites?: boolean | undefined;
  /** Called when the user is asked: from then on it may take long. */
  onAsk?: (() => void) | undefined;
  /** Whoever calls comes back for the very same call after a restart: its question stays until then. */
  resumes?: ResumedQuestion | undefined;
  signal?: AbortSignal | undefined;
}

/** The question of a call that outlives the process. */
export interface ResumedQuestion {
  /** Asked for this call before; its answer counts when exactly the same would be asked now. */
  approvalId: string | null;
  /** Resolves when whoever calls can find the question again. */
  onAsked(approvalId: string): Promise<void>;
  /** The user, or a rule, has answered. */
  onAnswered(): Promise<void>;
}

/** What became of a call that went well. */
export interface GatewayReply {
  /** As the operation declares it; `null` for a dry run, and for what waits in the outbox. */
  output: unknown;
  evidenceId: string;
  trust: TrustTier;
  path: EvidenceStep[];
  isDryRun: boolean;
  /** Of a dry run: what the user would be asked; `null` when nobody is. */
  question?: string | null;
  delivery?: { id: string; isNew: boolean };
}

/** What a configuration belongs to. */
export type BoundConnector = Pick<AnyConnector, "id" | "binding" | "secrets" | "config" | "secretPlaces">;

/** A connector's configuration as the gateway needs it. */
export interface ConnectorSetup {
  isEnabled: boolean;
  /** Grows with each change. */
  revision: number;
}

/** How the user answered. */
export interface ApprovalAnswer {
  id: string;
  state: "allowed" | "denied" | "expired" | "withdrawn";
  /** Of what was answered. */
  hash: string;
  by: string | null;
  at: string | null;
  reason: string | null;
}

/** Asks the user about calls. */
export interface GatewayApprovals {
  /**
   * Resolves with the answer; gives the question up when `signal` aborts, and rejects. One that is resumed later is left as it is
   * when PortOS ends.
   */
  ask(
    question: {
      subject: Extract<ApprovalSubject, { kind: "connector-call" }>;
      hash: string;
      resumes?: ResumedQuestion | undefined;
    },
    signal: AbortSignal | undefined,
  ): Promise<ApprovalAnswer>;
}

export interface GatewayDependencies {
  registry: ConnectorRegistry;
  configs: {
    /** Of the connector as it is: one that leads elsewhere than it was configured for is off. */
    setup(connector: BoundConnector): ConnectorSetup;
    /** With open secrets, as it is stored: not parsed yet. Throws `unavailable` when a secret cannot be opened. */
    open(connector: BoundConnector): Promise<{ values: Record<string, unknown>; secrets: string[] }>;
    /** Why nobody can call one that the user signs in to on a page; `null` when somebody can. Not asked about drafts. */
    signInGap?(connector: AnyConnector, config: Record<string, unknown>): string | null;
  };
  /** `problem`: why it allows nothing, where nobody said so. */
  policies: { of(id: string): { policy: ConnectorPolicy; judge: PolicyJudge; problem?: string | null } };
  mode(): NetworkMode;
  evidence: Pick<EvidenceBook, "newId" | "begin" | "append" | "expect">;
  approvals: GatewayApprovals;
  outbox: Pick<Outbox, "accept">;
  limiter: RateLimiter;
  breaker: CircuitBreaker;
  /** The user's lists as they are now. */
  trust(): Pick<Trust, "of">;
  clock: Clock;
  /** Zone of the machine's clock, for quiet hours. */
  zone: string;
  logger: Logger;
  /** Ports of PortOS itself. */
  ownPorts: readonly number[];
  /** Replaced in tests. */
  resolve?: ResolveName;
  /** Replaced in tests. */
  retries?: RetryPolicy;
}

/** One try of a delivery. */
export interface DeliveryOf {
  id: string;
  attempt: number;
  idempotencyKey: string;
  /** What the user was asked about; left out when nobody was. */
  approvedAs?: string | undefined;
  /** Takes what came back for whoever waits for it; only then it counts as handed on. */
  keep?(reply: { output: unknown; evidenceId: string }): Promise<void>;
}
