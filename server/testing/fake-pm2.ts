import { AppError } from "../../lib/app-error.ts";
import type { Pm2Client, Pm2Event, Pm2HomeName, Pm2Process, Pm2StartSpec } from "../../lib/processes/pm2-client.ts";

/** A PM2 home in memory that remembers what it was told. */
export interface FakePm2 {
  client: Pm2Client;
  processes: Pm2Process[];
  /** "start blog/web", "stop blog/web", … in order. */
  calls: string[];
  /** What `start` was called with, by name. */
  specs: Map<string, Pm2StartSpec>;
  add(parts: Partial<Pm2Process>): Pm2Process;
  emit(event: Pm2Event): void;
  isUp: boolean;
}

/** An online process with harmless values. */
export function pm2Process(parts: Partial<Pm2Process> = {}): Pm2Process {
  return {
    home: "portos",
    pmId: 0,
    name: "process",
    namespace: "default",
    pid: 4242,
    status: "online",
    cpuPercent: 1.25,
    memoryBytes: 50_000_000,
    restarts: 0,
    unstableRestarts: 0,
    onlineSince: "2026-01-01T00:00:00.000Z",
    createdAt: "2026-01-01T00:00:00.000Z",
    cwd: "/",
    script: "server.js",
    args: [],
    interpreter: "node",
    outLog: null,
    errLog: null,
    exitCode: null,
    autorestart: true,
    watch: false,
    ...parts,
  };
}

/** Creates a running, empty home. */
export function createFakePm2(home: Pm2HomeName): FakePm2 {
  const listeners = new Set<(event: Pm2Event) => void>();
  let nextId = 0;

  const fake: FakePm2 = {
    processes: [],
    calls: [],
    specs: new Map(),
    isUp: true,
    add(parts) {
      const added = pm2Process({ home, pmId: nextId++, ...parts });
      fake.processes.push(added);
      return added;
    },
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    client: {
      list: () => Promise.resolve([...fake.processes]),
      start(spec) {
        if (!fake.isUp) return Promise.reject(new AppError("unavailable", "PM2 is not running"));
        fake.calls.push(`start ${spec.name}`);
        fake.specs.set(spec.name, spec);
        fake.add({ name: spec.name, namespace: spec.namespace, cwd: spec.cwd, script: spec.script, args: spec.args });
        return Promise.resolve();
      },
      stop: (pmId) => act("stop", pmId, (found) => replace({ ...found, status: "stopped", pid: null })),
      restart: (pmId) =>
        act("restart", pmId, (found) =>
          replace({ ...found, status: "online", pid: 4243, restarts: found.restarts + 1 }),
        ),
      remove: (pmId) =>
        act("remove", pmId, (found) => {
          fake.processes.splice(fake.processes.indexOf(found), 1);
        }),
      reloadLogs: () => Promise.resolve(),
      onEvent(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      isUp: () => Promise.resolve(fake.isUp),
      version: () => Promise.resolve("7.0.4"),
      endDaemon: () => Promise.resolve(),
      close: () => undefined,
    },
  };

  function replace(next: Pm2Process): void {
    const index = fake.processes.findIndex(({ pmId }) => pmId === next.pmId);
    fake.processes[index] = next;
  }

  function act(verb: string, pmId: number, change: (found: Pm2Process) => void): Promise<void> {
    const found = fake.processes.find((entry) => entry.pmId === pmId);
    if (!found) return Promise.reject(new AppError("upstream_failed", `PM2: ${pmId} unknown`));
    fake.calls.push(`${verb} ${found.name}`);
    change(found);
    return Promise.resolve();
  }

  return fake;
}
