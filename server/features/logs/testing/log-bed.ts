import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  logFilterSchema,
  logRetentionSchema,
  type LogPage,
  type LogRetention,
} from "../../../../contract/features/logs.ts";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import type { Pm2Process } from "../../../../lib/processes/pm2-types.ts";
import { redact } from "../../../../lib/redact.ts";
import { createGzSpool } from "../gz-spool.ts";
import { createLogCatalog } from "../log-catalog.ts";
import { createLogRotator } from "../log-rotator.ts";
import { createLogService, type LogService } from "../log-service.ts";

/** A logs feature over a temporary folder, without HTTP. */
export interface LogBed {
  directory: string;
  service: LogService;
  /** Path of a log in our own folder. */
  path(name: string): string;
  rotate(limits?: Partial<LogRetention>): ReturnType<LogService["rotate"]>;
  end(): Promise<void>;
}

export interface LogBedOptions {
  processes?: Pm2Process[];
  reloadLogs?: () => Promise<void>;
  /** See the rotator; at once when left out. */
  restMs?: number;
  /** Whether there is an app of this id; every one when left out. */
  hasApp?: (appId: string) => boolean;
}

/** Makes a bed; `end` removes its folder. */
export async function createLogBed({
  processes = [],
  reloadLogs = noReload,
  restMs = 0,
  hasApp = anyApp,
}: LogBedOptions = {}): Promise<LogBed> {
  const directory = await mkdtemp(join(tmpdir(), "portos-logs-"));
  const logsDir = join(directory, "logs");
  await mkdir(join(logsDir, "apps", "blog"), { recursive: true });
  const spool = createGzSpool({ directory: join(directory, "spool") });
  let retention = logRetentionSchema.parse({});
  const rotator = createLogRotator({
    logsDir,
    retention: () => retention,
    reloadLogs,
    clock: systemClock,
    logger: silentLogger,
    restMs,
  });
  const service = createLogService({
    catalog: createLogCatalog({ processes: () => processes, logsDir, hasApp }),
    spool,
    rotator,
    retention: () => retention,
    redact,
    clock: systemClock,
    logger: silentLogger,
  });
  return {
    directory,
    service,
    path: (name) => join(logsDir, name),
    rotate(limits = {}) {
      retention = logRetentionSchema.parse(limits);
      return rotator.run();
    },
    end: () => rm(directory, { recursive: true, force: true }),
  };
}

function anyApp(): boolean {
  return true;
}

function noReload(): Promise<void> {
  return Promise.resolve();
}

/** Texts of a page, oldest first. */
export function texts({ lines }: Pick<LogPage, "lines">): string[] {
  return lines.map(({ text }) => text);
}

/** "<stream>:<file>:<offset>" of every line: what may appear only once. */
export function ids({ files, lines }: Pick<LogPage, "files" | "lines">): string[] {
  return lines.map(({ file, offset }) => `${files[file]?.stream ?? ""}:${files[file]?.file ?? ""}:${String(offset)}`);
}

/** A filter with its defaults filled in. */
export const filter = (given: Parameters<typeof logFilterSchema.parse>[0]) => logFilterSchema.parse(given);

/** A PM2 process that writes the given files. */
export function fakeProcess(name: string, files: Pick<Pm2Process, "outLog" | "errLog">, pmId = 0): Pm2Process {
  return {
    home: "user",
    pmId,
    name,
    namespace: "default",
    pid: 1,
    status: "online",
    cpuPercent: 0,
    memoryBytes: 0,
    restarts: 0,
    unstableRestarts: 0,
    onlineSince: null,
    createdAt: null,
    cwd: "/",
    script: "x",
    args: [],
    interpreter: "node",
    exitCode: null,
    autorestart: true,
    watch: false,
    ...files,
  };
}
