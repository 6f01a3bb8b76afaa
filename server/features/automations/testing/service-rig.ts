import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import {
  type Automation,
  automationInputSchema,
  type AutomationInput,
} from "../../../../contract/features/automations.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import type { SecretBox } from "../../../../lib/secret-box.ts";
import { type ActionOutcome, type ActionRunner, cancelReason, detached, type RunContext } from "../action-runner.ts";
import { type AutomationEvent, type AutomationService, createAutomationService } from "../automation-service.ts";
import { automationsFile, type AutomationsFile } from "../automation-record.ts";
import type { ReadEvents } from "../hand-starts.ts";
import { createAutomationStore } from "../automation-store.ts";
import { type Checkpoint, createOccurrenceLedger, emptyCheckpoint, type LedgerEntry } from "../occurrence-ledger.ts";
import type { RunOutputs } from "../run-output.ts";
import { createFakeTime } from "./fake-time.ts";
import { createMemoryLog, createMemoryStore } from "./memory-files.ts";

/** A started action the test ends. */
export interface StartedAction {
  row: Occurrence;
  end(outcome: ActionOutcome): void;
}

/** A box for automations without secrets. */
const noSecrets: SecretBox = {
  signer: () => Promise.reject(new Error("not used")),
  seal: () => Promise.reject(new Error("nothing is secret here")),
  open: () => Promise.reject(new Error("nothing is secret here")),
  sealPlain: (stored) => Promise.resolve(stored),
  describe: () => ({ isSet: false, last4: null, updatedAt: null }),
  check: () => Promise.resolve(null),
};

const noOutputs: RunOutputs = {
  file: (id) => id,
  writer: () =>
    Promise.resolve({
      position: () => 0,
      size: () => 0,
      append: () => Promise.resolve(),
      settle: () => Promise.resolve(),
      close: () => Promise.resolve(),
      release: () => Promise.resolve(),
    }),
  read: () => Promise.resolve({ from: 0, next: 0, size: 0, text: "" }),
  prune: () => Promise.resolve(),
  redactKept: () => Promise.resolve(),
};

const noEvents: ReadEvents = {
  read: () => Promise.resolve(null),
  page: () => Promise.resolve({ items: [], next: null }),
};

/** The whole feature over memory and fake time; `boot()` again kills the server that runs and starts a new one over the same files. */
export function createServiceRig(start: string) {
  const time = createFakeTime(start);
  const log = createMemoryLog<LedgerEntry>();
  const stateFile = createMemoryStore<Checkpoint>(emptyCheckpoint);
  const file = createMemoryStore<AutomationsFile>(automationsFile.initial);
  const started: StartedAction[] = [];
  /** Runs that live on without the server, by occurrence; what `adopt` finds. */
  const outside = new Map<string, ActionOutcome | "running">();
  const events: AutomationEvent[] = [];
  const handed: string[] = [];
  const tellings: string[] = [];

  function follow(context: RunContext): Promise<ActionOutcome> {
    const over = new AbortController();
    const about = { signal: over.signal };
    return new Promise<ActionOutcome>((resolve) => {
      started.push({ row: context.row, end: resolve });
      const cancel = (): void => {
        resolve({ state: "cancelled", reason: cancelReason(context.signal) });
      };
      const leave = (): void => {
        resolve(detached);
      };
      context.signal.addEventListener("abort", cancel, about);
      context.detach.addEventListener("abort", leave, about);
    }).finally(() => {
      over.abort();
    });
  }
  const action: ActionRunner = {
    start: follow,
    adopt(context) {
      const known = outside.get(context.row.id);
      if (known === undefined) return Promise.resolve(null);
      return known === "running" ? follow(context) : Promise.resolve(known);
    },
  };

  async function settle(): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      time.pass(0);
      await turn();
    }
  }

  let isAlive = { value: true };

  /** Timers and disk of one server: a killed one neither wakes nor writes. */
  function lifeOf(alive: { value: boolean }) {
    const guard = (work: () => void) => () => {
      if (alive.value) work();
    };
    return {
      timers: {
        set: (delayMs: number, work: () => void) => time.timers.set(delayMs, guard(work)),
        soon: (work: () => void) => {
          time.timers.soon(guard(work));
        },
      },
      log: {
        ...log,
        append: (entry: LedgerEntry) => (alive.value ? log.append(entry) : new Promise<void>(() => undefined)),
      },
    };
  }

  async function boot(): Promise<AutomationService> {
    isAlive.value = false;
    isAlive = { value: true };
    const life = lifeOf(isAlive);
    const ledger = createOccurrenceLedger({ log: life.log, store: stateFile, logger: silentLogger });
    await ledger.load();
    const service = createAutomationService({
      store: createAutomationStore(file),
      ledger,
      outputs: noOutputs,
      actions: { command: action, url: action, "restart-app": action, task: action, run: action, connector: action },
      apps: { find: () => ({ name: "blog", ports: [4_000] }), restart: () => Promise.resolve() },
      connectors: { find: () => undefined, message: () => Promise.resolve(null) },
      prompts: { issuesOf: () => Promise.resolve([]) },
      events: { ...noEvents, handed: (...ids) => Promise.resolve(void handed.push(ids.join(" "))) },
      filters: {
        tooSlow: ({ name }) => tellings.push(`too slow: ${name}`),
        settled: (id) => tellings.push(`settled: ${id}`),
      },
      secrets: noSecrets,
      clock: time.clock,
      timers: life.timers,
      logger: silentLogger,
      publish: (event) => events.push(event),
    });
    service.start();
    await settle();
    return service;
  }

  return {
    time,
    log,
    file,
    stateFile,
    started,
    outside,
    events,
    handed,
    /** Of filters. */
    tellings,
    boot,
    settle,
    /** Lets time pass in steps, so that what a due time causes happens before the next one. */
    async pass(durationMs: number, stepMs = 1_000) {
      for (let left = durationMs; left > 0; left -= stepMs) {
        time.pass(Math.min(left, stepMs));
        await settle();
      }
    },
    /** Finished rows, oldest first, short. */
    rows: () =>
      log.entries.flatMap(({ type, row }) =>
        type === "finish"
          ? [`${row.due.slice(11, 16)} ${row.state}${row.reason === null ? "" : `: ${row.reason}`}`]
          : [],
      ),
  };
}

/** A valid automation every minute, with changes. */
export function everyMinute(changes: Partial<AutomationInput> = {}): AutomationInput {
  return automationInputSchema.parse({
    name: "Say the time",
    schedule: { kind: "cron", expression: "* * * * *", zone: "UTC" },
    action: { kind: "command", command: { kind: "shell", line: "date" }, folder: tmpdir() },
    ...changes,
  });
}

/** Creates an automation and turns it on. */
export async function addEnabled(
  service: AutomationService,
  changes: Partial<AutomationInput> = {},
): Promise<Automation> {
  const { automation } = await service.create(everyMinute(changes));
  return (await service.setEnabled(automation.id, true)).automation;
}

/** A folder that does not exist. */
export const noFolder = join(tmpdir(), "portos-no-such-folder");
