import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import type { z } from "zod";

import type { SessionInfo, sessionChangeSchema, sessionSpecSchema } from "../../contract/internal/cos.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/logger.ts";
import { findProgram } from "../../lib/processes/find-program.ts";
import { brandProgram } from "../../lib/processes/run-brand.ts";
import { stepBack } from "../../lib/processes/step-back.ts";
import { readSessionMembers } from "../../lib/processes/process-session.ts";
import type { CommandHistory } from "./command-history.ts";
import { openHeadlessTerminal } from "./headless-terminal.ts";
import {
  createOutputFile,
  prepareDirectory,
  readStoredOutput,
  readStoredTail,
  type OutputFile,
} from "./output-file.ts";
import { startPipeProgram } from "./pipe-program.ts";
import { loadPty, startPtyProgram } from "./pty-program.ts";
import type { Recordings } from "./recordings.ts";
import { defaultName, newSessionId, Session, type SessionOptions, type SessionRecord } from "./session.ts";
import { removeSessionFiles, type SessionCatalog } from "./session-catalog.ts";
import { launchCommandLine, launchShell, sessionEnvironment, type Launch } from "./shell-launch.ts";

type Spec = z.output<typeof sessionSpecSchema>;
type Change = z.output<typeof sessionChangeSchema>;

export interface SessionEngineOptions {
  /** Absolute path of `data/sessions`. */
  directory: string;
  /** Folder of our shell start files. */
  integrationDirectory: string;
  catalog: SessionCatalog;
  recordings: Recordings;
  commandHistory: CommandHistory;
  clock: Clock;
  logger: Logger;
  /** Shell to use instead of the user's login shell. */
  shell?: string;
}

/** A session that started or changed, or one that was forgotten. */
export type SessionEvent = { session: SessionInfo } | { removed: string };
type SessionEventListener = (event: SessionEvent) => void;

const tellAfterMs = 40;
const housekeepingMs = 30_000;
const memoryFreshMs = 2000;
const keptEnded = { user: 40, other: 100 };
const maxRunning = 200;

interface Entry {
  session: Session;
  output: OutputFile | null;
  tell: NodeJS.Timeout | null;
}

/** Everything that runs in sessions on this machine. */
export class SessionEngine {
  readonly #options: SessionEngineOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<SessionEventListener>();
  #memory = new Map<number, number>();
  #memoryAt = -Infinity;
  #housekeeping: NodeJS.Timeout | null = null;

  constructor(options: SessionEngineOptions) {
    this.#options = options;
  }

  /** Brings back what earlier runs left: as readable, ended sessions. */
  async start(): Promise<void> {
    for (const record of this.#options.catalog.sessions()) await this.#restore(record);
    this.#keepHouse();
    this.#housekeeping = setInterval(() => {
      this.#keepHouse();
    }, housekeepingMs);
    this.#housekeeping.unref();
  }

  /** Ends every program and puts on disk what is to be remembered. */
  async stop(): Promise<void> {
    if (this.#housekeeping) clearInterval(this.#housekeeping);
    await this.#options.recordings.stopAll();
    for (const { session, output, tell } of this.#entries.values()) {
      if (tell) clearTimeout(tell);
      await output?.flush();
      session.dispose();
    }
    await this.#options.catalog.close();
  }

  list(): SessionInfo[] {
    this.#readMemory();
    return [...this.#entries.values()].map(({ session }) => this.#describe(session));
  }

  get runningCount(): number {
    return [...this.#entries.values()].filter(({ session }) => session.isRunning).length;
  }

  /** Throws `not_found` for an id that is not known. */
  find(id: string): Session {
    return this.#entryOf(id).session;
  }

  info(id: string): SessionInfo {
    this.#readMemory();
    return this.#describe(this.find(id));
  }

  /** Starts a program. A missing folder or program is `not_found`; what fails later ends the session with a problem. */
  async create(spec: Spec): Promise<SessionInfo> {
    if (this.runningCount >= maxRunning)
      throw new AppError("rate_limited", `${maxRunning} sessions are running already`, { hint: "End some of them." });
    const { clock, recordings, catalog, logger } = this.#options;
    const cwd = spec.cwd ?? homedir();
    const nonce = randomBytes(12).toString("hex");
    await checkFolder(cwd);
    const target = brandOfRun(spec, cwd, this.#launch(spec, cwd, nonce));
    const record = newRecord(spec, cwd, clock);
    const module = record.tty ? await loadPty() : null;
    const entry = this.#add(record, { nonce, timeoutMs: spec.timeoutMs });
    const { session } = entry;
    entry.output = this.#openOutput(session);
    if (spec.isRecorded) await recordings.start(session);
    session.start((io) =>
      module ? startPtyProgram(module, { ...target, cwd, ...io }) : startPipeProgram({ ...target, cwd, ...io }),
    );
    if (spec.owner.kind === "run" && record.pid !== null) stepBack(record.pid);
    await catalog.save(record);
    logger.info("Session started", { id: record.id, kind: record.kind, pid: record.pid, name: record.name });
    this.#tell({ session: this.#describe(session) });
    return this.#describe(session);
  }

  async change(id: string, change: Change): Promise<SessionInfo> {
    const session = this.find(id);
    const { record } = session;
    const { recordings, catalog } = this.#options;
    if (change.name !== undefined) record.name = change.name;
    if (change.idleTimeoutMs !== undefined) record.idleTimeoutMs = change.idleTimeoutMs;
    if (change.sizing !== undefined) session.setSizing(change.sizing);
    if (change.isRecorded !== undefined && session.isRunning) {
      await (change.isRecorded ? recordings.start(session) : recordings.stop(id));
      record.isRecorded = change.isRecorded;
    }
    await catalog.save(record);
    this.#tell({ session: this.#describe(session) });
    return this.#describe(session);
  }

  /** Ends a session, after `undoMs` in which it can be kept. */
  kill(id: string, { undoMs, graceMs }: { undoMs: number; graceMs: number }): SessionInfo {
    const session = this.find(id);
    session.close(undoMs, graceMs);
    return this.#describe(session);
  }

  keep(id: string): SessionInfo {
    const session = this.find(id);
    session.keep();
    return this.#describe(session);
  }

  /** Forgets an ended session and what it left on disk; recordings stay. A running one is a `conflict`. */
  async close(id: string): Promise<void> {
    const entry = this.#entryOf(id);
    if (entry.session.isRunning) throw new AppError("conflict", "The session is still running");
    if (entry.tell) clearTimeout(entry.tell);
    entry.session.dispose();
    this.#entries.delete(id);
    await this.#options.catalog.forget(id);
    await removeSessionFiles(this.#directoryOf(id));
    this.#tell({ removed: id });
  }

  /** Output from byte `from` on: from memory, or, for commands, from disk; what is gone is left out. */
  readOutput(id: string, from: number, maxBytes: number): { from: number; total: number; bytes: Buffer } {
    const { ring, record } = this.find(id);
    if (from < ring.start && record.kind === "command") {
      const bytes = readStoredOutput(this.#directoryOf(id), from, Math.min(maxBytes, ring.start - from));
      if (bytes.length > 0) return { from, total: ring.end, bytes };
    }
    const first = Math.min(Math.max(from, ring.start), ring.end);
    return { from: first, total: ring.end, bytes: ring.read(first, Math.min(maxBytes, ring.end - first)) };
  }

  onChange(listener: SessionEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #directoryOf(id: string): string {
    return join(this.#options.directory, id);
  }

  #launch(spec: Spec, cwd: string, nonce: string): Launch {
    const { integrationDirectory, shell } = this.#options;
    const env = spec.env ?? {};
    if (spec.shellCommand) return launchCommandLine(spec.shellCommand, env);
    if (!spec.command)
      return launchShell({ integrationDirectory, nonce, env, ...(shell === undefined ? {} : { shell }) });
    const [name = "", ...args] = spec.command;
    const environment = sessionEnvironment(env);
    const file = findProgram(name, cwd, environment["PATH"]);
    if (file === null) throw new AppError("not_found", `The program "${name}" was not found`);
    return { file, args, env: environment };
  }

  #openOutput({ record, ring }: Session): OutputFile | null {
    const { logger } = this.#options;
    const directory = this.#directoryOf(record.id);
    const onError = (error: unknown): void => {
      logger.error("Output of a session cannot be kept", { session: record.id }, error);
    };
    try {
      prepareDirectory(directory);
      return createOutputFile({ directory, ring, keep: record.kind === "command" ? "all" : "tail", onError });
    } catch (error) {
      onError(error); // a shell must start on a full disk too
      return null;
    }
  }

  #add(record: SessionRecord, extra: Partial<SessionOptions>): Entry {
    const { clock, recordings, commandHistory } = this.#options;
    const { id } = record;
    const session = new Session({
      record,
      clock,
      openTerminal: openHeadlessTerminal,
      nonce: "",
      ...extra,
      listener: {
        onChange: () => {
          this.#tellSoon(id);
        },
        onOutput: (bytes) => {
          entry.output?.changed();
          recordings.output(id, bytes);
        },
        onResize: (cols, rows) => {
          recordings.resize(id, cols, rows);
        },
        onCommand: (command) => {
          commandHistory.add(command);
        },
        onEnd: () => {
          void this.#finish(id);
        },
      },
    });
    const entry: Entry = { session, output: null, tell: null };
    this.#entries.set(id, entry);
    return entry;
  }

  async #finish(id: string): Promise<void> {
    const { session, output } = this.#entryOf(id);
    const { recordings, catalog } = this.#options;
    await output?.flush();
    await recordings.stop(id);
    session.record.isRecorded = false;
    await catalog.save(session.record);
  }

  async #restore(record: SessionRecord): Promise<void> {
    const { clock, catalog } = this.#options;
    const stored = await readStoredTail(this.#directoryOf(record.id));
    const own = { ...structuredClone(record), pid: null, runningCommand: null, isRecorded: false };
    if (record.state === "running" || record.state === "closing") {
      own.state = "interrupted";
      own.reason = "interrupted";
      own.endedAt = new Date(clock.now()).toISOString();
      own.closingAt = null;
      await catalog.save(own);
    }
    this.#add(own, { stored });
  }

  #keepHouse(): void {
    for (const { session } of this.#entries.values()) {
      session.checkIdle();
      session.trim();
    }
    const ended = [...this.#entries.values()].flatMap(({ session }) => (session.isRunning ? [] : [session.record]));
    for (const isUser of [true, false]) {
      const surplus = ended
        .filter(({ owner }) => (owner.kind === "user") === isUser)
        .toSorted((a, b) => (b.endedAt ?? "").localeCompare(a.endedAt ?? ""))
        .slice(isUser ? keptEnded.user : keptEnded.other);
      for (const { id } of surplus) {
        this.close(id).catch((error: unknown) => {
          this.#options.logger.error("What an ended session left could not be removed", { session: id }, error);
        });
      }
    }
  }

  #readMemory(): void {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#memoryAt < memoryFreshMs) return;
    this.#memoryAt = clock.monotonic();
    this.#memory = new Map();
    for (const { sessionId, residentBytes } of readSessionMembers())
      this.#memory.set(sessionId, (this.#memory.get(sessionId) ?? 0) + residentBytes);
  }

  #describe(session: Session): SessionInfo {
    const { pid } = session.record;
    return session.info(session.isRunning && pid !== null ? (this.#memory.get(pid) ?? null) : null);
  }

  #tell(event: SessionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #tellSoon(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.tell ??= setTimeout(() => {
      entry.tell = null;
      if (this.#entries.has(id)) this.#tell({ session: this.#describe(entry.session) });
    }, tellAfterMs);
  }

  #entryOf(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new AppError("not_found", "There is no such session");
    return entry;
  }
}

/** What runs for a run, an agent's own program or code it wrote, is known as such afterwards. */
function brandOfRun({ owner }: Spec, cwd: string, launch: Launch): Launch {
  if (owner.kind !== "run") return launch;
  return { ...launch, ...brandProgram(launch, { cwd, searchPath: launch.env["PATH"] }) };
}

async function checkFolder(cwd: string): Promise<void> {
  const state = await stat(cwd).catch(() => null);
  if (!state?.isDirectory())
    throw new AppError("not_found", `The folder ${cwd} does not exist`, { hint: "Choose another start folder." });
}

function newRecord(spec: Spec, cwd: string, clock: Clock): SessionRecord {
  const command = spec.command ?? null;
  const shellCommand = spec.shellCommand ?? null;
  const isShell = command === null && shellCommand === null;
  return {
    id: newSessionId(),
    kind: isShell ? "shell" : "command",
    tty: isShell || spec.tty,
    name: spec.name ?? defaultName(cwd, command, shellCommand),
    state: "running",
    cwd,
    folder: cwd,
    command,
    shellCommand,
    pid: null,
    createdAt: new Date(clock.now()).toISOString(),
    endedAt: null,
    closingAt: null,
    exitCode: null,
    signal: null,
    reason: null,
    problem: null,
    cols: spec.cols,
    rows: spec.rows,
    sizing: "smallest",
    lastOutputAt: null,
    lastBellAt: null,
    title: "",
    runningCommand: null,
    idleTimeoutMs: spec.idleTimeoutMs ?? null,
    isRecorded: spec.isRecorded,
    owner: spec.owner,
  };
}
