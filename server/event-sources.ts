import { approvalTitle } from "../contract/approval-title.ts";
import type { App, AppsEvent } from "../contract/features/apps.ts";
import type { Approval } from "../contract/features/approvals.ts";
import type { ProcessesEvent, ProcessSnapshot } from "../contract/features/processes.ts";
import type { Repair } from "../contract/features/repairs.ts";
import type { Run } from "../contract/features/runs.ts";
import type { Settings } from "../contract/features/settings.ts";
import type { Task } from "../contract/features/tasks.ts";
import type { Incident } from "../contract/internal/autofixer.ts";
import type { JsonStore } from "../lib/json-store.ts";
import type { AppContext } from "./app-context.ts";
import type { BuiltAgents } from "./build-agents.ts";
import type { BuiltAutomations } from "./features/automations/build-automations.ts";
import { buildEvents } from "./features/events/build-events.ts";
import type { EventBus } from "./features/events/event-bus.ts";
import { startHistoryRetention } from "./features/history/retention.ts";
import { incidentLink } from "./features/incidents/incident-notices.ts";
import type { KnownIncidents } from "./features/incidents/start-incidents.ts";

/** The bus, its log cut to the days of the settings. */
export async function openEvents(context: AppContext, settings: JsonStore<Settings>): Promise<EventBus> {
  const bus = await buildEvents(context);
  context.onStop(startHistoryRetention({ history: bus, logger: context.logger }, settings));
  return bus;
}

interface Sources {
  events: Pick<EventBus, "tell">;
  apps: { list(): App[]; onEvent(listener: (event: AppsEvent) => void): () => void };
  snapshots: { current(): ProcessSnapshot; onEvent(listener: (event: ProcessesEvent) => void): () => void };
  incidents: Pick<KnownIncidents, "heard" | "onHeard">;
  agents: Pick<BuiltAgents, "approvals" | "tasks" | "knownRun" | "runHooks" | "onRepairChanged">;
  automations: Pick<BuiltAutomations, "causesOf" | "causesOfApp">;
}

/** Tells the bus what apps, agents and the user do. Answers how to stop. */
export function tellEvents(sources: Sources): () => void {
  const { events, agents } = sources;
  const causesOf = createCausesOf(sources);
  const causesOfRun = (runId: string): Promise<string[]> => causesOf(agents.knownRun(runId)?.source);
  const stops = [tellApps(sources), agents.tasks.onChange((task) => void tellTask(task, { events, causesOf }))];
  tellIncidents(sources);
  agents.runHooks.onRunEnded((run) => tellRun(run, { events, causesOf }));
  agents.onRepairChanged((repair) => void tellRepair(repair, events));
  agents.approvals.onAsked((approval) => void tellAsked(approval, { events, causesOf, causesOfRun }));
  agents.approvals.onSettled((approval) => void tellSettled(approval, { events, causesOf, causesOfRun }));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Who made a run or a task. */
type Source = Run["source"] | Task["source"];

interface Telling {
  events: Pick<EventBus, "tell">;
  /** Of what was made by this one: the automations it comes of, however many tasks lie between. */
  causesOf(source: Source | undefined): Promise<string[]>;
}

type TellingOfRuns = Telling & { causesOfRun(runId: string): Promise<string[]> };

/** A task that made a task, and so on: more in a row are made by hand. */
const mostTasks = 20;

function createCausesOf({ agents, automations }: Pick<Sources, "agents" | "automations">): Telling["causesOf"] {
  return async (source) => {
    let from = source;
    for (let tasks = 0; from?.kind === "task" && tasks < mostTasks; tasks += 1) {
      const task = await agents.tasks.find(from.id).catch(() => null); // its history may be gone
      from = task?.source;
    }
    return from?.kind === "automation" ? automations.causesOf(from.id) : [];
  };
}

/** How an app is counts only while PM2 answers; what it is seen as first is no change. */
function tellApps({ events, apps, snapshots, automations }: Sources): () => void {
  const seen = new Map<string, App["status"]>();
  const isUp = (): boolean => snapshots.current().homes.some(({ home, isUp: up }) => home === "portos" && up);

  function look({ id: appId, name: appName, status }: App): void {
    const before = seen.get(appId);
    seen.set(appId, status);
    if (before === undefined || before === status) return;
    const told = { causes: automations.causesOfApp(appId) };
    if (status === "online") void events.tell("app.started", { appId, appName }, told);
    if (status === "stopped") void events.tell("app.stopped", { appId, appName }, told);
  }

  function lookAtAll(): void {
    if (!isUp()) seen.clear();
    else for (const app of apps.list()) look(app);
  }

  lookAtAll();
  const stops = [
    apps.onEvent((event) => {
      if (event.type === "removed") seen.delete(event.id);
      else if (isUp()) look(event.app);
    }),
    // Its processes come with the same picture.
    snapshots.onEvent((event) => {
      if (event.type === "home" && event.home.home === "portos") setImmediate(lookAtAll);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function tellIncidents({ events, incidents, apps }: Sources): void {
  const tell = (
    name: "incident.opened" | "incident.recovered" | "incident.gave-up",
    of: Incident,
    at: string,
  ): void => {
    const { id, process, reason, crashes } = of;
    const appName = apps.list().find((app) => app.id === process.appId)?.name ?? null;
    const told = { incidentId: id, process: process.name, appId: process.appId, appName, reason, crashes };
    void events.tell(name, { ...told, link: incidentLink(id) }, { key: `${id} ${at}`, at });
  };
  // All of them are heard each time: the bus knows what it was told before.
  incidents.onHeard(() => {
    const { active, settled } = incidents.heard();
    for (const incident of [...settled, ...active]) {
      const { status, openedAt, updatedAt, closedAt } = incident;
      tell("incident.opened", incident, openedAt);
      if (status === "gave-up") tell("incident.gave-up", incident, updatedAt);
      if (status === "recovered") tell("incident.recovered", incident, closedAt ?? updatedAt);
    }
  });
}

async function tellRun(run: Run, { events, causesOf }: Telling): Promise<void> {
  const { id: runId, title, state, appId, source, message, endedAt, createdAt } = run;
  const name =
    state === "succeeded" ? "run.succeeded" : state === "failed" || state === "interrupted" ? "run.failed" : null;
  if (name === null || source.kind === "test") return;
  const told = { runId, title, state, appId, source: source.kind, message, link: `/agents/${runId}` };
  const at = endedAt ?? createdAt;
  const causes = await causesOf(source);
  await events.tell(name, told, { key: `${runId} ${at}`, at, causes });
}

async function tellTask(task: Task, { events, causesOf }: Telling): Promise<void> {
  const { id: taskId, title, type, appId, state, endedAt, reason, source } = task;
  if ((state !== "done" && state !== "failed") || endedAt === null) return;
  const told = { taskId, title, type, appId, reason: reason.text, link: `/agents/tasks/${taskId}` };
  const causes = await causesOf(source);
  await events.tell(state === "done" ? "task.done" : "task.failed", told, {
    key: `${taskId} ${endedAt}`,
    at: endedAt,
    causes,
  });
}

async function tellRepair(repair: Repair, events: Telling["events"]): Promise<void> {
  const { id: repairId, incidentId, processName, appId, state, reason, endedAt } = repair;
  const hasFailed = state === "failed" || state === "given-up" || state === "reverted";
  if (endedAt === null || (state !== "repaired" && !hasFailed)) return;
  const told = { repairId, incidentId, process: processName, appId, state, reason, link: incidentLink(incidentId) };
  const name = state === "repaired" ? "repair.repaired" : "repair.failed";
  await events.tell(name, told, { key: `${repairId} ${state}`, at: endedAt });
}

const linkOf = (id: string): string => `/approvals?approval=${id}`;

async function approvalFacts(approval: Approval, telling: TellingOfRuns) {
  const { id, subject } = approval;
  return {
    facts: { approvalId: id, kind: subject.kind, title: approvalTitle(approval), link: linkOf(id) },
    causes: await causesOfSubject(subject, telling),
  };
}

function causesOfSubject(subject: Approval["subject"], { causesOf, causesOfRun }: TellingOfRuns): Promise<string[]> {
  if (subject.kind !== "connector-call") return causesOfRun(subject.runId);
  const { callerKind, callerId } = subject;
  if (callerId === null) return Promise.resolve([]);
  if (callerKind === "automation") return causesOf({ kind: "automation", id: callerId });
  return callerKind === "agent" ? causesOfRun(callerId) : Promise.resolve([]);
}

async function tellAsked(approval: Approval, telling: TellingOfRuns): Promise<void> {
  const { facts, causes } = await approvalFacts(approval, telling);
  const { id: key, createdAt: at, expiresAt, subject } = approval;
  await telling.events.tell("approval.asked", { ...facts, why: subject.why, expiresAt }, { key, at, causes });
}

async function tellSettled(approval: Approval, telling: TellingOfRuns): Promise<void> {
  const { facts, causes } = await approvalFacts(approval, telling);
  const { id: key, decision, state } = approval;
  const at = decision?.at;
  const about = { key, causes, ...(at === undefined ? {} : { at }) };
  await telling.events.tell("approval.settled", { ...facts, state, by: decision?.by ?? "PortOS" }, about);
}
