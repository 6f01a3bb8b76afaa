import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";

import type { LogSource, LogStream } from "../../../contract/features/logs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Pm2Process } from "../../../lib/processes/pm2-types.ts";
import { isGone, type LogFile } from "./log-file.ts";
import { listLogFiles } from "./log-files.ts";
import { listOwnLogs, type OwnLog } from "./own-logs.ts";

/** One log file, current name resolved, and whose output it holds. */
export interface CatalogStream extends LogStream {
  path: string;
}

export interface CatalogSource {
  id: string;
  home: "portos" | "user";
  name: string;
  namespace: string;
  kind: LogSource["kind"];
  status: LogSource["status"];
  pmIds: number[];
  streams: CatalogStream[];
}

export interface LogCatalogOptions {
  /** The processes of both PM2 homes as last seen. */
  processes: () => Pm2Process[] | Promise<Pm2Process[]>;
  /** Folder of our own logs: `<name>.log` and `apps/<app>/<process>.log`. */
  logsDir: string;
  /** Whether there is an app of this id. */
  hasApp: (appId: string) => boolean;
}

/** Which log files may be read: those of processes PM2 knows, and those in our own folder. Nothing else is ever opened. */
export interface LogCatalog {
  list(): Promise<CatalogSource[]>;
  /** Streams of the named sources, in that order. Throws `not_found` naming the first that is not known. */
  streams(sourceIds: readonly string[]): Promise<CatalogStream[]>;
  describe(): Promise<LogSource[]>;
}

/** A catalogue that asks the PM2 snapshot and our log folder each time: both are cheap and neither can go stale. */
export function createLogCatalog({ processes, logsDir, hasApp }: LogCatalogOptions): LogCatalog {
  async function list(): Promise<CatalogSource[]> {
    const sources = new Map<string, CatalogSource>();
    for (const process of await processes()) addProcess(sources, process);
    for (const log of await listOwnLogs(logsDir)) {
      const id = `portos/${log.name}`;
      if (!sources.has(id)) addOwn(sources, id, log, hasApp);
    }
    const found = [...sources.values()];
    await Promise.all(found.map(resolveStreams));
    return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  return {
    list,
    async streams(sourceIds) {
      const known = new Map((await list()).map((source) => [source.id, source]));
      return sourceIds.flatMap((id) => {
        const source = known.get(id);
        if (!source) throw new AppError("not_found", `No process called ${id.slice(id.indexOf("/") + 1)} has logs`);
        return source.streams;
      });
    },
    async describe() {
      const described = await Promise.all((await list()).map(describeSource));
      // An app that has been deleted and never printed a word leaves nothing to read.
      return described.filter(({ kind, totalBytes }) => kind !== "deleted" || totalBytes > 0);
    },
  };
}

async function describeSource(source: CatalogSource): Promise<LogSource> {
  const files = await Promise.all(
    source.streams.map(async ({ id, path }) => (await listLogFiles(path)).map((file) => ({ ...file, stream: id }))),
  );
  const all = files.flat();
  return {
    ...source,
    streams: source.streams.map(toStream),
    files: all.map(({ id, name, stream, sizeBytes, modifiedMs, isRotated, isCompressed }) => ({
      id,
      name,
      stream,
      sizeBytes,
      modifiedAt: new Date(modifiedMs).toISOString(),
      isRotated,
      isCompressed,
    })),
    totalBytes: all.reduce((sum, { sizeBytes }: LogFile) => sum + sizeBytes, 0),
  };
}

/** The part of a stream the browser may know: no path. */
export function toStream({ id, sourceId, output }: CatalogStream): LogStream {
  return { id, sourceId, output };
}

function addProcess(sources: Map<string, CatalogSource>, process: Pm2Process): void {
  const id = `${process.home}/${process.name}`;
  const known = sources.get(id);
  const source = known ?? {
    id,
    home: process.home,
    name: process.name,
    namespace: process.namespace,
    kind: "process",
    status: process.status,
    pmIds: [],
    streams: [],
  };
  source.pmIds.push(process.pmId);
  if (process.status === "online") source.status = "online";
  const isBoth = process.outLog === process.errLog;
  addStream(source, process.outLog, isBoth ? "both" : "out");
  if (!isBoth) addStream(source, process.errLog, "err");
  sources.set(id, source);
}

function addOwn(
  sources: Map<string, CatalogSource>,
  id: string,
  { name, path, isOfPm2 }: OwnLog,
  hasApp: LogCatalogOptions["hasApp"],
): void {
  const appId = name.includes("/") ? name.slice(0, name.indexOf("/")) : null;
  const source: CatalogSource = {
    id,
    home: "portos",
    name,
    namespace: appId === null ? "portos" : `app:${appId}`,
    kind: !isOfPm2 ? "file" : appId === null || hasApp(appId) ? "process" : "deleted",
    status: "unknown",
    pmIds: [],
    streams: [],
  };
  addStream(source, path, "both");
  sources.set(id, source);
}

function addStream(source: CatalogSource, path: string | null, output: LogStream["output"]): void {
  if (path === null || path === "" || path === "/dev/null" || path === "NULL") return;
  if (source.streams.some((stream) => stream.path === path)) return;
  source.streams.push({ id: streamIdOf(source.id, path), sourceId: source.id, output, path });
}

/** Short, stable name of one log file of one source; the path itself stays here. */
function streamIdOf(sourceId: string, path: string): string {
  return createHash("sha256").update(`${sourceId}\0${path}`).digest("hex").slice(0, 12);
}

/** Follows links now, so that the file read later is the one judged here. */
async function resolveStreams(source: CatalogSource): Promise<void> {
  for (const stream of source.streams) {
    try {
      stream.path = await realpath(stream.path);
    } catch (error) {
      if (!isGone(error)) throw error; // not written yet: the plain path stands for it
    }
  }
}
