import { randomBytes } from "node:crypto";

import type { Repair, RepairLevel, RepairOutlook, RepairSettingsView } from "../../../contract/features/repairs.ts";
import type { Incident, IncidentDetail } from "../../../contract/internal/autofixer.ts";
import { crashSignature } from "./crash-signature.ts";
import type { RepairBook } from "./repair-book.ts";
import { failureLimit, runningRepair, sameCrashAgain, takenBack, type GuardReason } from "./repair-guard.ts";
import type { RepairedApp, RepairParts } from "./repair-parts.ts";

/** Which crashes an agent may be asked about, how far it would go, and what speaks against it. */
export interface RepairCandidates {
  /** Why it cannot be repaired, and the app it belongs to; without one it is PortOS's own. */
  subjectOf(incident: Incident): Promise<{ app: RepairedApp | null; cannot: string | null }>;
  guard(incident: Incident, signature: string): GuardReason | null;
  running(incident: Incident): Repair | undefined;
  /** Whether a repair of it may begin by itself. */
  mayBegin(incident: Incident): boolean;
  newRepair(
    incident: IncidentDetail,
    app: RepairedApp | null,
    made: Pick<Repair, "by" | "isAutomatic">,
  ): Promise<Repair>;
  outlook(incident: IncidentDetail): Promise<RepairOutlook>;
  settings(): RepairSettingsView;
}

/** Crashes in one incident after which an agent is asked although PM2 still tries. */
const crashesBeforeAsking = 3;

export function createRepairCandidates({ parts, book }: { parts: RepairParts; book: RepairBook }): RepairCandidates {
  const { clock, apps } = parts;

  function levelOf(appId: string | null): RepairLevel {
    const { level, apps: own } = book.settings();
    return appId === null ? level : (own[appId] ?? level);
  }

  /** Asked by hand it goes as far as the level allows, and proposes where nothing begins by itself. */
  function activeLevel(appId: string | null): Repair["level"] {
    const level = levelOf(appId);
    return appId === null || level === "off" ? "propose" : level;
  }

  /** Why it cannot be repaired, and the app it belongs to; without one it is PortOS's own. */
  async function subjectOf({ process }: Incident): Promise<{ app: RepairedApp | null; cannot: string | null }> {
    if (process.isOwn) {
      const isKnown = await parts.isRepository(parts.ownFolder);
      return { app: null, cannot: isKnown ? null : "This PortOS does not run from a git repository." };
    }
    if (process.home === "user") return none("It runs in your own PM2, whose arrangement PortOS does not know.");
    if (process.appId === null) return none("It belongs to no app of PortOS.");
    const app = apps.find(process.appId);
    if (app === undefined) return none("Its app was deleted.");
    if (app.isArchived) return none(`${app.name} is archived.`);
    if (!(await parts.isRepository(app.folder)))
      return {
        app,
        cannot: `${app.name} is in no git repository with a commit: without one nothing could be taken back.`,
      };
    return { app, cannot: null };
  }

  function guard(incident: Incident, signature: string): GuardReason | null {
    const { appId, key: processKey } = incident.process;
    const owner = { appId, processKey };
    const { maxFailures } = book.settings();
    const repairs = book.recent();
    return (
      takenBack(repairs, signature) ??
      failureLimit(repairs, owner, maxFailures, clock.now()) ??
      sameCrashAgain(repairs, signature)
    );
  }

  function running({ process: { appId, key: processKey } }: Incident): Repair | undefined {
    return runningRepair(book.recent(), { appId, processKey });
  }

  async function newRepair(
    incident: IncidentDetail,
    app: RepairedApp | null,
    made: Pick<Repair, "by" | "isAutomatic">,
  ): Promise<Repair> {
    const now = new Date(clock.now()).toISOString();
    const { process } = incident;
    const own = app?.processes.find(({ name }) => `${app.id}/${name}` === process.key);
    const port = own?.ports[0] ?? null;
    return {
      ...made,
      id: `repair-${clock.now().toString(36)}${randomBytes(4).toString("hex")}`,
      incidentId: incident.id,
      processKey: process.key,
      processName: process.name,
      appId: app?.id ?? null,
      level: activeLevel(app?.id ?? null),
      state: "asked",
      reason: "An agent is asked.",
      askedAt: now,
      updatedAt: now,
      endedAt: null,
      signature: crashSignature(incident),
      evidence: null,
      port: port === null ? null : { number: port, wasAnswering: await parts.isAnswering(port) },
      agent: null,
      runId: null,
      toldAfter: null,
      isTold: false,
      diagnosis: null,
      summary: null,
      checks: [],
      work: null,
      approvalId: null,
      merge: null,
      watch: null,
      usage: null,
      revert: null,
    };
  }

  function mayBegin({ id, status, crashes, exit, process }: Incident): boolean {
    if (process.isOwn || process.home === "user" || process.appId === null) return false;
    if (levelOf(process.appId) === "off" || parts.panic() !== null) return false;
    // Killed from outside: there is nothing in the code to be mended.
    if (exit.signal === "SIGKILL" || exit.signal === "SIGTERM") return false;
    if (status !== "gave-up" && (status !== "open" || crashes < crashesBeforeAsking)) return false;
    return !book.recent().some(({ incidentId }) => incidentId === id);
  }

  return {
    subjectOf,
    guard,
    running,
    mayBegin,
    newRepair,
    async outlook(incident) {
      const { app, cannot } = await subjectOf(incident);
      const other = running(incident);
      const agent = await parts.agent(app?.id ?? null);
      return {
        cannot: cannot ?? parts.panic() ?? (other ? runningText(incident) : noAgent(agent)),
        warning: guard(incident, crashSignature(incident))?.reason ?? null,
        level: activeLevel(app?.id ?? null),
        agent: agent?.name ?? null,
      };
    },
    settings() {
      const settings = book.settings();
      const now = clock.now();
      const appIds = new Set(book.recent().flatMap(({ appId }) => (appId === null ? [] : [appId])));
      const paused = [...appIds].flatMap((appId) => {
        const limit = failureLimit(book.recent(), { appId, processKey: "" }, settings.maxFailures, now);
        if (limit === null || limit.until === null) return [];
        return [{ appId, until: new Date(limit.until).toISOString(), reason: limit.reason }];
      });
      return { settings, paused };
    },
  };
}

function none(cannot: string): { app: null; cannot: string } {
  return { app: null, cannot };
}

function noAgent(agent: unknown): string | null {
  return agent === null ? "There is no agent that edits files: turn one on under Providers." : null;
}

function runningText({ process: { appId } }: Incident): string {
  return appId === null ? "A repair of it goes on already." : "A repair of this app goes on already.";
}
