import type { FailureKind, ProviderHealth } from "../../../contract/features/providers.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import { readLimit } from "../../../lib/provider-limits.ts";
import { redact } from "../../../lib/redact.ts";
import { timeText } from "../../time-text.ts";
import { createHealthMemory, type ProviderHealthFile } from "./health-memory.ts";
import {
  afterAnswer,
  asLimitedByModels,
  isAboutModel,
  isLimitOn,
  troubleText,
  withoutOldLimits,
  withTrouble,
} from "./model-troubles.ts";
import type { Probed } from "./provider-probe.ts";
import type { ProviderRecord } from "./provider-record.ts";

export interface ProviderHealthOptions {
  store: JsonStore<ProviderHealthFile>;
  probe(record: ProviderRecord, timeoutMs: number): Promise<Probed>;
  find(id: string): ProviderRecord | null;
  /** Nobody may be contacted now. */
  isClosed?(): boolean;
  clock: Clock;
  zone: string;
  logger: Logger;
  publish(health: ProviderHealth): void;
}

/** How providers are, as last seen: by probes, which run apart, and by what runs went through. */
export interface ProviderHealths {
  of(record: ProviderRecord): ProviderHealth;
  /** Probes now; two callers at once share one probe. `byUser`: somebody waits for it and may look at one that is off. */
  check(record: ProviderRecord, options?: { byUser: boolean }): Promise<ProviderHealth>;
  /**
   * What became of an attempt: `failure` is `null` when it succeeded. `backAt` is read from the message when left out. What is
   * about the model that was asked alone says nothing about the others.
   */
  noteOutcome(
    id: string,
    failure: FailureKind | null,
    message: string | null,
    backAt?: string | null,
    model?: string | null,
  ): void;
  /** What was seen is about another configuration, or the provider is gone. */
  forget(id: string): void;
  /** Probes APIs that are on and were not looked at for `staleMs`. */
  refresh(records: readonly ProviderRecord[], staleMs: number): void;
  /** Waits for limits to end; those that ended meanwhile are looked at now. */
  start(): void;
  stop(): void;
}

const budgetMs = 2_000;
/** A program may need longer for its first start; only somebody who asked for it waits that long. */
const userBudgetMs: Record<ProviderRecord["type"], number> = { api: budgetMs, cli: 10_000, acp: 10_000 };
/** When a provider does not say when a limit ends. */
const guessMs = { "rate-limit": 60_000, "usage-limit": 30 * 60_000 };
/** Failures of one attempt that say something about the provider itself. */
const isAboutProvider: ReadonlySet<FailureKind> = new Set([
  "transport",
  "server-error",
  "not-installed",
  "not-logged-in",
]);
/** The healths over their open file. */
export function createProviderHealths(options: ProviderHealthOptions): ProviderHealths {
  const { store, clock, find, logger, publish, zone } = options;
  const running = new Map<string, Promise<ProviderHealth>>();
  const memory = createHealthMemory({
    store,
    clock,
    logger,
    onLimitEnd(id) {
      const record = find(id);
      if (record?.isEnabled === true) void check(record);
    },
  });

  function of({ id, isEnabled, models }: ProviderRecord): ProviderHealth {
    const kept = asLimitedByModels(models, withoutOldLimits(memory.get(id), clock.now()), clock.now());
    const message = kept.message ?? troubleText(kept, (at) => timeText(at, clock.now(), zone));
    const last = { ...kept, message };
    if (!isEnabled) return { ...last, state: "off", failure: null, backAt: null };
    return running.has(id) ? { ...last, state: "checking" } : last;
  }

  function tell(id: string): void {
    const record = find(id);
    if (record !== null) publish(of(record));
  }

  function keep(health: ProviderHealth): void {
    memory.keep(health);
    tell(health.id);
  }

  function limited(id: string, kind: "rate-limit" | "usage-limit", message: string | null, backAt: string | null) {
    const now = clock.now();
    const end = backAt ?? new Date(now + guessMs[kind]).toISOString();
    return {
      ...memory.get(id),
      state: "limited" as const,
      failure: kind,
      message,
      backAt: end,
      asOf: new Date(now).toISOString(),
    };
  }

  async function look(record: ProviderRecord, timeoutMs: number): Promise<ProviderHealth> {
    const probed = await options.probe(record, timeoutMs);
    const last = withoutOldLimits(memory.get(record.id), clock.now());
    const { models, version, latencyMs } = probed;
    const kept = { models: models ?? last.models, version: version ?? last.version };
    // A probe costs nothing, so that it is answered says nothing about a limit of what costs something.
    if (last.state === "limited" && isLimitOn(last, clock.now())) return { ...last, ...kept, latencyMs };
    if (probed.state === "limited")
      return limited(
        record.id,
        probed.failure === "usage-limit" ? "usage-limit" : "rate-limit",
        probed.message,
        probed.backAt,
      );
    return { ...last, ...probed, ...kept, id: record.id, asOf: new Date(clock.now()).toISOString() };
  }

  function check(record: ProviderRecord, { byUser } = { byUser: false }): Promise<ProviderHealth> {
    const { id } = record;
    const known = running.get(id);
    if (known) return known;
    if (options.isClosed?.() === true) return Promise.resolve(of(record));
    const work = look(record, byUser ? userBudgetMs[record.type] : budgetMs)
      .then((health) => {
        running.delete(id);
        const isSame = JSON.stringify(configurationOf(find(id))) === JSON.stringify(configurationOf(record));
        if (isSame) keep(health);
        return health;
      })
      .finally(() => {
        running.delete(id);
      });
    running.set(id, work);
    tell(id);
    work.catch((error: unknown) => {
      logger.error("A provider could not be checked", { provider: id }, error);
      tell(id); // no longer checking
    });
    return work;
  }

  return {
    of,
    check,
    noteOutcome(id, failure, message, backAt, model = null) {
      const last = memory.get(id);
      const at = new Date(clock.now()).toISOString();
      const text = message === null ? null : redact(message).slice(0, 500);
      if (failure === null) {
        const hadTrouble = last.modelTroubles?.some((trouble) => trouble.model === model) === true;
        if (!hadTrouble && last.state === "up" && last.message === null && isFresh(last, 60_000, clock.now())) return;
        const up = { ...last, state: "up" as const, failure: null, message: null, backAt: null, asOf: at };
        keep(withTrouble(up, model, null));
        return;
      }
      const isOfModel = model !== null && isAboutModel({ failure, message, model });
      const answered = afterAnswer(last, failure, at);
      if (failure === "rate-limit" || failure === "usage-limit") {
        const read = backAt === undefined ? readLimit({ text: message ?? "" }, clock.now(), zone).backAt : null;
        const health = limited(id, failure, text, backAt ?? (read === null ? null : new Date(read).toISOString()));
        if (!isOfModel) keep(health);
        else keep(withTrouble(answered, model, { model, failure, message: text, asOf: at, backAt: health.backAt }));
      } else if (isOfModel)
        keep(withTrouble(answered, model, { model, failure, message: text, asOf: at, backAt: null }));
      else if (isAboutProvider.has(failure) && !(last.state === "limited" && isLimitOn(last, clock.now())))
        keep({ ...last, state: "down", failure, message: text, backAt: null, asOf: at });
    },
    forget(id) {
      if (memory.forget(id)) tell(id);
    },
    refresh(records, staleMs) {
      for (const record of records) {
        const last = memory.get(record.id);
        const isLimited = last.state === "limited" && last.backAt !== null && Date.parse(last.backAt) > clock.now();
        if (record.isEnabled && record.type === "api" && !isLimited && !isFresh(last, staleMs, clock.now()))
          void check(record);
      }
    },
    start: memory.start,
    stop: memory.stop,
  };
}

/** What of a provider decides whether it answers. */
export function configurationOf(record: ProviderRecord | null): unknown {
  if (record === null) return null;
  if (record.type === "api") return [record.type, record.dialect, record.baseUrl, record.apiKey];
  return [record.type, record.agent, record.command, record.environment];
}

function isFresh(health: ProviderHealth, maxAgeMs: number, now: number): boolean {
  return health.asOf !== null && Math.abs(now - Date.parse(health.asOf)) < maxAgeMs;
}
