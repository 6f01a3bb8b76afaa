import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ApprovalSubject } from "../../../../contract/features/approvals.ts";
import {
  connectorPolicySchema,
  type ConnectorPolicyInput,
  type NetworkMode,
} from "../../../../contract/features/connectors.ts";
import { trustListsSchema } from "../../../../contract/features/trust.ts";
import type { EvidenceView } from "../../../../contract/features/evidence.ts";
import { createCircuitBreaker, type CircuitBreaker } from "../../../../lib/circuit-breaker.ts";
import { systemClock, type Clock } from "../../../../lib/clock.ts";
import type { ResolveName } from "../../../../lib/guarded-http/host-judgement.ts";
import { openJsonLog } from "../../../../lib/json-log.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import type { RetryPolicy } from "../../../../lib/retry.ts";
import type { AnyConnector } from "../define-connector.ts";
import { openEvidenceBook, type EvidenceBook } from "../evidence/evidence-book.ts";
import { evidenceRowSchema, indexEvidence, type EvidenceRow } from "../evidence/evidence-row.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import { GatewayError } from "../gateway-error.ts";
import type { ApprovalAnswer, GatewayReply, GatewayRequest } from "../gateway-request.ts";
import { openOutbox, type Outbox } from "../outbox/outbox.ts";
import { outboxRowSchema, type OutboxRow } from "../outbox/outbox-row.ts";
import { createPolicyJudge } from "../policy.ts";
import { createCallDays, createRateLimiter } from "../rate-limit.ts";
import { createRegistry, type ConnectorRegistry } from "../registry.ts";
import { createTrust } from "../trust.ts";

type Question = Extract<ApprovalSubject, { kind: "connector-call" }>;

export interface TestGatewayOptions {
  connectors: readonly AnyConnector[];
  /** Configurations by id of the connector; all are turned on. */
  configs?: Record<string, Record<string, unknown>>;
  /** For every connector. */
  policy?: ConnectorPolicyInput;
  /** Places on loopback the connectors may call: "127.0.0.1:4321". */
  insides?: readonly string[];
  /** What the user says to each question; "deny" when left out. */
  answer?: (question: Question) => ApprovalAnswer["state"] | Promise<ApprovalAnswer["state"]>;
  /** Replaces the machine's resolver: names of a test lead where it says. */
  resolve?: ResolveName;
  /** Quick tries when left out. */
  retries?: RetryPolicy;
}

/** A real gateway with its evidence and outbox in a temporary folder; only configuration, policy, user and clock are the test's own. */
export interface TestGateway {
  gateway: Gateway;
  registry: ConnectorRegistry;
  book: EvidenceBook;
  outbox: Outbox;
  breaker: CircuitBreaker;
  clock: Clock & { advance(ms: number): void };
  /** Every question the user was asked. */
  questions: Question[];
  /** As a person, unless the test says otherwise. */
  call(
    connector: string,
    operation: string,
    params: Record<string, unknown>,
    more?: Partial<GatewayRequest>,
  ): Promise<GatewayReply>;
  /** As `call` of something that must fail; answers the failure. */
  refused(
    connector: string,
    operation: string,
    params: Record<string, unknown>,
    more?: Partial<GatewayRequest>,
  ): Promise<GatewayError>;
  evidence(id: string | null): Promise<EvidenceView>;
  setMode(mode: NetworkMode): void;
  setPolicy(policy: ConnectorPolicyInput): void;
  setConfig(connector: string, config: Record<string, unknown>): void;
  setEnabled(connector: string, isEnabled: boolean): void;
  end(): Promise<void>;
}

const quickRetries: RetryPolicy = { maxAttempts: 3, baseMs: 1, maxPauseMs: 3, maxAskedMs: 200 };

/** Starts one; `end` it after the test. */
export async function createTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), "portos-gateway-"));
  const clock = createMovableClock();
  const book = await openBook(join(folder, "evidence"), clock);
  const queue = await openQueue(join(folder, "outbox"), clock);
  const registry = createRegistry(options.connectors);
  const breaker = createCircuitBreaker({ clock });
  const questions: Question[] = [];
  const configs = new Map(Object.entries(options.configs ?? {}));
  /** As in the panel, they are the same lists as long as nothing is changed. */
  const opened = new WeakMap<Record<string, unknown>, { values: Record<string, unknown>; secrets: string[] }>();
  const disabled = new Set<string>();
  const trust = createTrust(trustListsSchema.parse({}));
  let mode: NetworkMode = "online";
  let revision = 1;
  const readPolicy = (input: ConnectorPolicyInput) => {
    const policy = connectorPolicySchema.parse({
      ...input,
      insides: [...(options.insides ?? []), ...(input.insides ?? [])],
    });
    return { policy, judge: createPolicyJudge(policy) };
  };
  let policy = readPolicy(options.policy ?? {});
  const gateway = createGateway({
    registry,
    configs: {
      setup: ({ id }) => ({ isEnabled: !disabled.has(id), revision }),
      open({ id, secrets: names }) {
        const values = configs.get(id) ?? {};
        const known = opened.get(values) ?? {
          values,
          secrets: names.map((name) => values[name]).filter((value) => typeof value === "string"),
        };
        opened.set(values, known);
        return Promise.resolve(known);
      },
    },
    policies: { of: () => policy },
    mode: () => mode,
    evidence: book.book,
    approvals: {
      async ask({ subject, hash }) {
        questions.push(subject);
        const state = (await options.answer?.(subject)) ?? "denied";
        const at = new Date(clock.now()).toISOString();
        return { id: "0123456789abcdef", state, hash, by: "Anna", at, reason: null };
      },
    },
    outbox: queue.outbox,
    trust: () => trust,
    limiter: createRateLimiter(createCallDays("UTC")),
    breaker,
    clock,
    zone: "UTC",
    logger: silentLogger,
    ownPorts: [],
    retries: options.retries ?? quickRetries,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  const call: TestGateway["call"] = (connector, operation, params, more = {}) =>
    gateway.execute({
      connector,
      operation,
      params,
      caller: { kind: "person", name: "Anna" },
      correlationId: "0123456789ab",
      ...more,
    });
  return {
    gateway,
    registry,
    book: book.book,
    outbox: queue.outbox,
    breaker,
    clock,
    questions,
    call,
    async refused(...call_) {
      const outcome = await call(...call_).catch((error: unknown) => error);
      if (outcome instanceof GatewayError) return outcome;
      throw outcome instanceof Error ? outcome : new Error(`It was not refused: ${JSON.stringify(outcome)}`);
    },
    evidence: (id) => book.book.get(id ?? "none"),
    setMode: (next) => {
      mode = next;
    },
    setPolicy: (next) => {
      policy = readPolicy(next);
    },
    setConfig: (id, config) => {
      configs.set(id, config);
      revision += 1;
    },
    setEnabled: (id, isEnabled) => {
      if (isEnabled) disabled.delete(id);
      else disabled.add(id);
    },
    async end() {
      await queue.close();
      await book.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function createMovableClock(): TestGateway["clock"] {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    advance: (ms) => {
      ahead += ms;
    },
  };
}

async function openBook(directory: string, clock: Clock) {
  const parts = { directory, clock, logger: silentLogger };
  const log = await openJsonLog<EvidenceRow>({
    ...parts,
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
  });
  const book = await openEvidenceBook({ ...parts, log });
  return {
    book,
    async close() {
      await book.stop();
      await log.close();
    },
  };
}

async function openQueue(directory: string, clock: Clock) {
  const log = await openJsonLog<OutboxRow>({ directory, clock, logger: silentLogger, schema: outboxRowSchema });
  const outbox = await openOutbox({ log, clock, logger: silentLogger });
  return {
    outbox,
    async close() {
      await outbox.stop();
      await log.close();
    },
  };
}
