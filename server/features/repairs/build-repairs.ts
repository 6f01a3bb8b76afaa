import { repairSchema, repairsFeed, type Repair } from "../../../contract/features/repairs.ts";
import type { ReviewCheck } from "../../../contract/features/reviews.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { checksOfRun } from "./checks-on-work.ts";
import { createRepairBook, repairsFile, type RepairsFile } from "./repair-book.ts";
import { createRepairEngine, defaultTiming, type RepairEngine, type RepairTiming } from "./repair-engine.ts";
import type { RepairParts } from "./repair-parts.ts";
import { createRepairService, type RepairService } from "./repair-service.ts";
import { mountRepairs } from "./routes.ts";

const shownRepairs = 50;

export interface BuiltRepairs {
  repairs: RepairService;
  /** Repairs of long ago. */
  log: JsonLog<Repair>;
  /** Whether a run works on a repair. */
  hasRun(runId: string): boolean;
  /** The checks its repair has run on the work of a run. */
  checksOn(runId: string): ReviewCheck[];
  /** Whether the work of a run is taken back, or was. */
  isTakenBack(runId: string): boolean;
  /** Something a repair may wait for has happened. */
  nudge: RepairEngine["nudge"];
  /** Anything about a repair has changed. */
  onChanged(listener: (repair: Repair) => void): void;
  /** Goes on with what a stop has interrupted, and with incidents that are there. */
  start(): void;
}

/** Repairs of crashes by agents, on the API and the `repairs` feed. Nothing begins before `start()`. */
export async function buildRepairs(
  context: AppContext,
  parts: Omit<RepairParts, "clock" | "logger">,
  timing: RepairTiming = defaultTiming,
): Promise<BuiltRepairs> {
  const { clock, mount, realtime } = context;
  const logger = context.logger.child("repairs");
  const whole: RepairParts = { ...parts, clock, logger };
  const log = await context.openLog<Repair>("repairHistory", {
    schema: repairSchema,
    dayOf: ({ endedAt, updatedAt }) => endedAt ?? updatedAt,
  });
  const book = createRepairBook(await context.openStore<RepairsFile>("repairs", repairsFile), log);
  const feed = createFeed(realtime, repairsFeed, {
    snapshot: () => ({ repairs: book.recent().slice(0, shownRepairs), settings: repairs.settings() }),
  });
  const listeners: ((repair: Repair) => void)[] = [];
  const publish = (repair: Repair): void => {
    feed.publish({ kind: "changed", repair });
    for (const listener of listeners) listener(repair);
  };
  const engine = createRepairEngine({ parts: whole, book, timing, publish });
  const repairs = createRepairService({
    parts: whole,
    book,
    engine,
    publish,
    publishSettings: (settings) => {
      feed.publish({ kind: "settings", settings });
    },
  });
  mountRepairs(mount, repairs);
  context.names.add("repairs", async ({ id, incident }) => {
    if (id !== undefined) return (await book.find(id))?.processName;
    return book.recent().find(({ incidentId }) => incidentId === incident)?.processName;
  });
  context.onStop(() => engine.stop());
  return {
    repairs,
    log,
    hasRun: (runId) => book.recent().some((repair) => repair.runId === runId),
    checksOn: (runId) => checksOfRun(book.recent(), runId),
    isTakenBack: (runId) => book.recent().some((repair) => repair.runId === runId && repair.revert !== null),
    nudge: engine.nudge,
    onChanged: (listener) => void listeners.push(listener),
    start() {
      engine.start();
      repairs.hear(whole.incidents.heard().active);
    },
  };
}
