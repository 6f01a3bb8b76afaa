import type { Task } from "../../../contract/features/tasks.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { emptyRecord, openRun, type ChiefRunsFile, type TaskRecord, type TaskRun } from "./task-record.ts";

/** What the chief of staff remembers of tasks, on disk. */
export interface RecordBook {
  get(taskId: string): TaskRecord;
  all(): readonly TaskRecord[];
  /** The record a run belongs to. */
  ofRun(runId: string): TaskRecord | undefined;
  /** The automation a task was made for, itself or the task it goes on with; `null` when nobody knows of one. */
  automationOf(taskId: string): string | null;
  startCount(): number;
  change(taskId: string, change: (record: TaskRecord) => TaskRecord): Promise<TaskRecord>;
  changeRun(taskId: string, runId: string, change: Partial<TaskRun>): Promise<void>;
  /** Writes a run down before it is started; `isCounted`: it was started by itself. */
  intend(taskId: string, run: TaskRun, more: Partial<TaskRecord>, isCounted: boolean): Promise<void>;
  /** A run that was never started. */
  dropRun(taskId: string, runId: string): Promise<void>;
}

interface BookParts {
  store: JsonStore<ChiefRunsFile>;
  /** Where tasks on the board come from. */
  sourceOf(taskId: string): Task["source"] | undefined;
  clock: Clock;
}

/** Records of tasks that are over, kept in case one of them is taken up again. */
const keepRecords = 2_000;
/** Runs of today count for their automation, however many there were, in whatever zone. */
const countedMs = 2 * 86_400_000;

function find(records: readonly TaskRecord[], taskId: string): TaskRecord {
  return records.find((record) => record.taskId === taskId) ?? emptyRecord(taskId);
}

export function createRecordBook({ store, sourceOf, clock }: BookParts): RecordBook {
  const all = (): readonly TaskRecord[] => store.get().records;
  function change(taskId: string, make: (record: TaskRecord) => TaskRecord, counted = 0): Promise<TaskRecord> {
    return store.update(({ records, startCount }) => {
      const result = make(find(records, taskId));
      const others = records.filter((record) => record.taskId !== taskId);
      const kept = prune([...others, result], clock.now() - countedMs);
      return { next: { records: kept, startCount: startCount + counted }, result };
    });
  }

  /** Also when the task it goes on with has left the board: then its record says so. */
  function automationOf(taskId: string): string | null {
    const seen = new Set<string>();
    for (let id = taskId; !seen.has(id);) {
      seen.add(id);
      const known = find(all(), id).automationId;
      if (known !== null) return known;
      const source = sourceOf(id);
      if (source?.kind === "automation") return source.id;
      if (source?.kind === "task") id = source.id;
    }
    return null;
  }

  return {
    get: (taskId) => find(all(), taskId),
    all,
    ofRun: (runId) => all().find(({ runs }) => runs.some((run) => run.runId === runId)),
    automationOf,
    startCount: () => store.get().startCount,
    change: (taskId, make) => change(taskId, make),
    async changeRun(taskId, runId, patch) {
      await change(taskId, (record) => ({
        ...record,
        runs: record.runs.map((run) => (run.runId === runId ? { ...run, ...patch } : run)),
      }));
    },
    async intend(taskId, run, more, isCounted) {
      const others = (record: TaskRecord): TaskRun[] => record.runs.filter(({ runId }) => runId !== run.runId);
      // Kept here: what the run uses counts also when the task is gone.
      const automationId = automationOf(taskId);
      await change(
        taskId,
        (record) => ({ ...record, resume: null, automationId, ...more, runs: [...others(record), run] }),
        isCounted ? 1 : 0,
      );
    },
    async dropRun(taskId, runId) {
      await change(taskId, (record) => ({ ...record, runs: record.runs.filter((run) => run.runId !== runId) }));
    },
  };
}

/** The newest stay, everything that has not ended, and what counts for an automation. */
function prune(records: TaskRecord[], countedFrom: number): TaskRecord[] {
  if (records.length <= keepRecords) return records;
  const surplus = records.length - keepRecords;
  const isCounted = ({ automationId, runs }: TaskRecord): boolean =>
    automationId !== null && runs.some(({ startedAt }) => Date.parse(startedAt) >= countedFrom);
  return records.filter((record, index) => index >= surplus || openRun(record) !== undefined || isCounted(record));
}
