import type { JsonStore } from "../../../lib/json-store.ts";
import { emptyRecord, openRun, type ChiefRunsFile, type TaskRecord, type TaskRun } from "./task-record.ts";

/** What the chief of staff remembers of tasks, on disk. */
export interface RecordBook {
  get(taskId: string): TaskRecord;
  all(): readonly TaskRecord[];
  /** The record a run belongs to. */
  ofRun(runId: string): TaskRecord | undefined;
  startCount(): number;
  change(taskId: string, change: (record: TaskRecord) => TaskRecord): Promise<TaskRecord>;
  changeRun(taskId: string, runId: string, change: Partial<TaskRun>): Promise<void>;
  /** Writes a run down before it is started; `isCounted`: it was started by itself. */
  intend(taskId: string, run: TaskRun, more: Partial<TaskRecord>, isCounted: boolean): Promise<void>;
  /** A run that was never started. */
  dropRun(taskId: string, runId: string): Promise<void>;
}

/** Records of tasks that are over, kept in case one of them is taken up again. */
const keepRecords = 2_000;

function find(records: readonly TaskRecord[], taskId: string): TaskRecord {
  return records.find((record) => record.taskId === taskId) ?? emptyRecord(taskId);
}

export function createRecordBook(store: JsonStore<ChiefRunsFile>): RecordBook {
  const all = (): readonly TaskRecord[] => store.get().records;
  function change(taskId: string, make: (record: TaskRecord) => TaskRecord, counted = 0): Promise<TaskRecord> {
    return store.update(({ records, startCount }) => {
      const result = make(find(records, taskId));
      const others = records.filter((record) => record.taskId !== taskId);
      return { next: { records: prune([...others, result]), startCount: startCount + counted }, result };
    });
  }

  return {
    get: (taskId) => find(all(), taskId),
    all,
    ofRun: (runId) => all().find(({ runs }) => runs.some((run) => run.runId === runId)),
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
      await change(
        taskId,
        (record) => ({ ...record, resume: null, ...more, runs: [...others(record), run] }),
        isCounted ? 1 : 0,
      );
    },
    async dropRun(taskId, runId) {
      await change(taskId, (record) => ({ ...record, runs: record.runs.filter((run) => run.runId !== runId) }));
    },
  };
}

/** The newest stay, and everything that has not ended. */
function prune(records: TaskRecord[]): TaskRecord[] {
  if (records.length <= keepRecords) return records;
  const surplus = records.length - keepRecords;
  return records.filter((record, index) => index >= surplus || openRun(record) !== undefined);
}
