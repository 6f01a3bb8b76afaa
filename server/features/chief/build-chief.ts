import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import {
  chiefDecisionSchema,
  chiefFeed,
  chiefSettingsSchema,
  type ChiefDecision,
  type ChiefSettings,
  type Panic,
} from "../../../contract/features/chief.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { timeText } from "../../time-text.ts";
import type { RunHooks } from "../runs/run-hooks.ts";
import { createChief, type Chief, type ChiefOptions } from "./chief-service.ts";
import { createPanicSwitch, panicFile, type PanicSwitch } from "./panic-switch.ts";
import { mountChief } from "./routes.ts";
import { chiefRunsFile, type ChiefRunsFile } from "./task-record.ts";

type Given = Omit<
  ChiefOptions,
  | "settings"
  | "records"
  | "log"
  | "zone"
  | "screenshotFile"
  | "clock"
  | "logger"
  | "timeText"
  | "onState"
  | "onDecision"
>;

interface Dependencies extends Given {
  hooks: RunHooks;
  /** Tells whether portos-cos answers and has told all its runs. */
  onComplete(listener: (isComplete: boolean) => void): void;
  /** Denies every question that waits. */
  denyQuestions(by: string, reason: string): Promise<number>;
}

/** Opens the switch that stops everything, before anything else is built that could start something. */
export async function openPanicSwitch(context: AppContext): Promise<PanicSwitch> {
  return createPanicSwitch({
    store: await context.openStore<Panic>("panic", panicFile),
    clock: context.clock,
    logger: context.logger.child("panic"),
  });
}

/** Opens the files, mounts endpoints and feed. Nothing is started before `start()`, and not before it is turned on. */
export async function buildChief(
  context: AppContext,
  dependencies: Dependencies,
): Promise<{ chief: Chief; log: JsonLog<ChiefDecision> }> {
  const { clock, env, mount, realtime } = context;
  const { hooks, onComplete, denyQuestions, panic, ...parts } = dependencies;
  const logger = context.logger.child("chief");
  const zone = machineZone();
  const log = await context.openLog<ChiefDecision>("chiefDecisions", {
    schema: chiefDecisionSchema,
    dayOf: ({ at }) => at,
  });
  const feed = createFeed(realtime, chiefFeed, {
    snapshot: () => ({ state: chief.state(), decisions: chief.recent() }),
  });
  const chief: Chief = createChief({
    ...parts,
    panic,
    settings: await context.openStore<ChiefSettings>("chief", {
      schema: chiefSettingsSchema,
      initial: chiefSettingsSchema.parse({}),
      version: 1,
    }),
    records: await context.openStore<ChiefRunsFile>("chiefRuns", chiefRunsFile),
    log,
    zone,
    screenshotFile: (name) => join(env.dataDir, dataFiles.screenshots.path, name),
    clock,
    logger,
    timeText: (at) => timeText(at, clock.now(), zone),
    onState: (state) => {
      feed.publish({ kind: "state", state });
    },
    onDecision: (decision) => {
      feed.publish({ kind: "decided", decision });
    },
  });
  mountChief(mount, { chief, panic, log });

  panic.addBrake("deniedQuestions", (by) => denyQuestions(by, "Everything was stopped"));
  /** Runs that were counted: what ends slowly is told to end more than once. */
  const counted = new Set<string>();
  panic.onChange(({ isOn }) => {
    if (!isOn) counted.clear();
  });
  panic.addBrake("stoppedRuns", (by) => stopAll(`Everything was stopped by ${by}`));
  panic.onChange(chief.evaluateSoon);
  hooks.onRunChanged((run) => {
    // What could not be reached when everything was stopped, or was being started just then.
    if (panic.isOn() && isOpenState(run.state)) stopLate(run.id);
    chief.hear(run);
  });
  hooks.onRunEnded(chief.hear);
  hooks.onRunRemoved(chief.evaluateSoon);
  onComplete((isComplete) => {
    if (isComplete && panic.isOn()) stopLate();
    chief.engineChanged(isComplete);
  });
  const stopHearing = [parts.tasks.onChange(chief.evaluateSoon), parts.tasks.onRemoved(chief.evaluateSoon)];
  context.onStop(async () => {
    for (const stop of stopHearing) stop();
    await chief.stop();
  });
  return { chief, log };

  /** One run, or all there are. */
  function stopLate(runId?: string): void {
    const reason = `Everything was stopped by ${panic.get().by ?? "somebody"}`;
    stopAll(reason, runId)
      .then((number) => panic.countLate("stoppedRuns", number))
      .catch((error: unknown) => {
        logger.error("A run could not be stopped", { run: runId ?? "all" }, error);
      });
  }

  /** Resolves with the number of those that were not counted yet. */
  async function stopAll(reason: string, runId?: string): Promise<number> {
    const ended = await chief.stopRuns("panic", reason, runId);
    const fresh = ended.filter((id) => !counted.has(id));
    for (const id of fresh) counted.add(id);
    return fresh.length;
  }
}
