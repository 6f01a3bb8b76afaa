import { randomBytes } from "node:crypto";

import type { z } from "zod";

import type { automationProblemSchema } from "../../../contract/features/automations.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { type AutomationRecord, automationRecordSchema, type AutomationsFile } from "./automation-record.ts";
import { filterIssue } from "./event-filter.ts";
import { scheduleIssues } from "./due-times.ts";

type Problem = z.output<typeof automationProblemSchema>;

const keepDeletedMs = 7 * 86_400_000;
const maxDeleted = 200;

/** The automations of the file, entries that are wrong set apart. */
export interface AutomationStore {
  all(): readonly AutomationRecord[];
  problems(): readonly Problem[];
  get(id: string): AutomationRecord | null;
  pausedAt(): string | null;
  setPaused(pausedAt: string | null): Promise<void>;
  add(make: (id: string) => AutomationRecord): Promise<AutomationRecord>;
  /** Throws `not_found`. */
  change(id: string, change: (current: AutomationRecord) => AutomationRecord): Promise<AutomationRecord>;
  remove(id: string, now: number): Promise<AutomationRecord>;
  restore(id: string, change: (deleted: AutomationRecord) => AutomationRecord): Promise<AutomationRecord>;
  /** Calls `listener` after every change, by hand or not. */
  subscribe(listener: (what: { arePausesChanged: boolean; areProblemsChanged: boolean }) => void): () => void;
}

interface Parsed {
  automation?: AutomationRecord;
  issues: { path: string; message: string }[];
  name: string;
}

/** The store over its open file. */
export function createAutomationStore(store: JsonStore<AutomationsFile>): AutomationStore {
  const judged = new WeakMap<object, Parsed>();
  let read = readFile(store.get(), judged);
  let pausedAt = store.get().pausedAt;
  const listeners = new Set<Parameters<AutomationStore["subscribe"]>[0]>();
  store.subscribe((file) => {
    const problems = JSON.stringify(read.problems);
    read = readFile(file, judged);
    const arePausesChanged = file.pausedAt !== pausedAt;
    pausedAt = file.pausedAt;
    const areProblemsChanged = JSON.stringify(read.problems) !== problems;
    for (const listener of listeners) listener({ arePausesChanged, areProblemsChanged });
  });

  return {
    all: () => read.automations,
    problems: () => read.problems,
    get: (id) => read.byId.get(id) ?? null,
    pausedAt: () => store.get().pausedAt,
    setPaused: (since) => store.update((file) => ({ next: { ...file, pausedAt: since }, result: undefined })),
    add: (make) =>
      store.update((file) => {
        const taken = new Set([...file.automations.map(idOf), ...file.deleted.map(({ automation }) => automation.id)]);
        let id = newId();
        while (taken.has(id)) id = newId();
        const automation = make(id);
        return { next: { ...file, automations: [...file.automations, automation] }, result: automation };
      }),
    change: (id, change) =>
      store.update((file) => {
        // Looked up in `file`, not in what was read last: several changes may share one write.
        const current = find(file, id, judged);
        if (!current) throw missing();
        const changed = change(current);
        let isDone = false;
        const automations = file.automations.map((entry) => {
          if (isDone || idOf(entry) !== id) return entry;
          isDone = true;
          return changed;
        });
        return { next: { ...file, automations }, result: changed };
      }),
    remove: (id, now) =>
      store.update((file) => {
        const automation = find(file, id, judged);
        if (!automation) throw missing();
        const place = file.automations.findIndex((entry) => idOf(entry) === id);
        const deletedAt = new Date(now).toISOString();
        const kept = file.deleted.filter((entry) => now - Date.parse(entry.deletedAt) < keepDeletedMs);
        const deleted = [{ deletedAt, automation }, ...kept].slice(0, maxDeleted);
        return { next: { ...file, automations: file.automations.toSpliced(place, 1), deleted }, result: automation };
      }),
    restore: (id, change) =>
      store.update((file) => {
        const found = file.deleted.find(({ automation }) => automation.id === id);
        if (!found) throw new AppError("not_found", "This automation can no longer be brought back");
        const automation = change(found.automation);
        const deleted = file.deleted.filter((entry) => entry !== found);
        return { next: { ...file, automations: [...file.automations, automation], deleted }, result: automation };
      }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function missing(): AppError {
  return new AppError("not_found", "There is no such automation");
}

function idOf(entry: unknown): unknown {
  return isRecord(entry) ? entry["id"] : undefined;
}

function newId(): string {
  return `au-${randomBytes(5).toString("hex")}`;
}

function find(file: AutomationsFile, id: string, judged: WeakMap<object, Parsed>): AutomationRecord | undefined {
  return judge(
    file.automations.find((entry) => idOf(entry) === id),
    judged,
  ).automation;
}

function readFile(file: AutomationsFile, judged: WeakMap<object, Parsed>) {
  const byId = new Map<string, AutomationRecord>();
  const problems: Problem[] = [];
  for (const [index, entry] of file.automations.entries()) {
    const { automation, issues, name } = judge(entry, judged);
    if (automation && !byId.has(automation.id)) byId.set(automation.id, automation);
    else
      problems.push({
        index,
        name,
        issues: automation ? [{ path: "id", message: "is the id of an earlier entry too" }] : issues,
      });
  }
  return { byId, problems, automations: [...byId.values()] };
}

function judge(entry: unknown, judged: WeakMap<object, Parsed>): Parsed {
  if (!isRecord(entry)) return { issues: [{ path: "", message: "must be an object" }], name: "" };
  const known = judged.get(entry);
  if (known) return known;
  const name = typeof entry["name"] === "string" ? entry["name"].slice(0, 120) : "";
  const result = automationRecordSchema.safeParse(entry);
  const issues = result.success
    ? expressionIssues(result.data)
    : result.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  const parsed: Parsed = {
    name,
    issues,
    ...(result.success && issues.length === 0 ? { automation: result.data } : {}),
  };
  judged.set(entry, parsed);
  return parsed;
}

/** A cron expression or a filter may have the right shape and still mean nothing. A time that has passed is no mistake. */
function expressionIssues({ schedule }: AutomationRecord): { path: string; message: string }[] {
  if (schedule.kind === "event") {
    const issue = filterIssue(schedule);
    return issue === null ? [] : [{ path: "schedule.filter", message: issue }];
  }
  if (schedule.kind !== "cron") return [];
  return scheduleIssues(schedule, 0).map(({ path, message }) => ({ path: `schedule.${path}`, message }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
