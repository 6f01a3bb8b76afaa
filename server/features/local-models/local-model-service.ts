import type { ServerPayload } from "../../../contract/channel.ts";
import type {
  LocalJob,
  LocalServer,
  LocalServerInput,
  LocalServerKind,
  localModelsFeed,
} from "../../../contract/features/local-models.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { createLocalJobs } from "./local-jobs.ts";
import { type ServerConfig, serverKinds } from "./local-models-file.ts";
import { createLocalServers, type LocalServersOptions } from "./local-servers.ts";
import { ServerTrouble } from "./model-server.ts";

interface Dependencies extends Omit<LocalServersOptions, "onSeen"> {
  secrets: Pick<SecretBox, "seal" | "open" | "describe">;
  logger: Logger;
  publish(event: ServerPayload<typeof localModelsFeed, "event">["event"]): void;
}

interface LoadOptions {
  contextLength: number | null;
  keepAliveSeconds: number | null;
}

export interface LocalModelService {
  list(): LocalServer[];
  update(kind: LocalServerKind, input: LocalServerInput): Promise<LocalServer>;
  setEnabled(kind: LocalServerKind, isEnabled: boolean): Promise<LocalServer>;
  /** Looks at a server that is on; one that is off stays alone. */
  refresh(kind: LocalServerKind): Promise<LocalServer>;
  load(kind: LocalServerKind, model: string, options: LoadOptions): Promise<LocalJob>;
  unload(kind: LocalServerKind, instanceId: string): Promise<LocalServer>;
  download(kind: LocalServerKind, model: string): Promise<LocalJob>;
  remove(kind: LocalServerKind, model: string): Promise<LocalServer>;
  cancel(kind: LocalServerKind, job: string): Promise<LocalJob>;
  /** Ends every download that can be ended. Answers how many. */
  stopDownloads(reason: string): Promise<number>;
  /** Goes on with what the last run of the panel began. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The two servers as the user handles them. */
export function createLocalModelService(dependencies: Dependencies): LocalModelService {
  const { store, secrets, clock, logger, publish } = dependencies;
  const servers = createLocalServers({
    ...dependencies,
    onSeen: (kind, isOther) => {
      const server = viewOf(kind);
      if (isOther) publish({ kind: "changed", server });
      else if (server.asOf !== null) publish({ kind: "seen", server: kind, asOf: server.asOf });
    },
  });
  const jobs = createLocalJobs({
    store,
    open: servers.open,
    panic: dependencies.panic,
    clock,
    logger,
    onJob: (server, job) => {
      publish({ kind: "job", server, job });
    },
    onEnded: (kind) => {
      servers
        .watch(kind)
        .refresh()
        .catch((error: unknown) => {
          logger.error("A model server could not be looked at", { server: kind }, error);
        });
    },
  });

  function viewOf(kind: LocalServerKind): LocalServer {
    return { ...servers.view(kind), jobs: jobs.list(kind) };
  }

  async function change(kind: LocalServerKind, patch: Partial<ServerConfig>): Promise<LocalServer> {
    await store.update((file) => ({
      next: { ...file, servers: { ...file.servers, [kind]: { ...file.servers[kind], ...patch } } },
      result: undefined,
    }));
    servers.watch(kind).forget();
    if (servers.config(kind).isEnabled) await servers.watch(kind).refresh();
    const server = viewOf(kind);
    publish({ kind: "changed", server });
    return server;
  }

  async function doAndLook(kind: LocalServerKind, work: Promise<void>): Promise<LocalServer> {
    try {
      await work;
    } catch (error) {
      if (error instanceof ServerTrouble) throw new AppError("unavailable", error.message, { cause: error });
      throw error;
    } finally {
      await servers.watch(kind).refresh();
    }
    return viewOf(kind);
  }

  return {
    list: () => serverKinds.map(viewOf),
    async update(kind, { baseUrl, token }) {
      const { origin } = new URL(baseUrl);
      const plain = token?.trim();
      const isOther = origin !== servers.config(kind).baseUrl;
      if (isOther) await jobs.cancelAll(kind, "The address of the server was changed here.");
      if (plain !== undefined)
        return change(kind, { baseUrl: origin, token: plain === "" ? null : await secrets.seal(plain) });
      // a token is only ever sent where it was entered for
      return change(kind, isOther ? { baseUrl: origin, token: null } : { baseUrl: origin });
    },
    async setEnabled(kind, isEnabled) {
      if (servers.config(kind).isEnabled === isEnabled) return viewOf(kind);
      if (!isEnabled) await jobs.cancelAll(kind, "The server was turned off here.");
      return change(kind, { isEnabled });
    },
    async refresh(kind) {
      await servers.watch(kind).refresh();
      return viewOf(kind);
    },
    async load(kind, model, options) {
      await servers.able(kind, "load");
      if (options.keepAliveSeconds !== null) await servers.able(kind, "keepAlive");
      return jobs.start(kind, {
        kind: "load",
        model,
        cancelProblem: null,
        run: (server, signal) => server.load(model, options, signal),
      });
    },
    unload: async (kind, instanceId) => doAndLook(kind, (await servers.able(kind, "load")).unload(instanceId)),
    async download(kind, model) {
      await servers.able(kind, "download");
      const cancelProblem = servers.watch(kind).seen().abilities.cancelDownload;
      return jobs.start(kind, { kind: "download", model, cancelProblem });
    },
    remove: async (kind, model) => doAndLook(kind, (await servers.able(kind, "remove")).remove(model)),
    cancel: (kind, job) => jobs.cancel(kind, job),
    stopDownloads: (reason) => jobs.stopDownloads(reason),
    start: () => jobs.resume((kind) => servers.config(kind).isEnabled),
    async stop() {
      for (const kind of serverKinds) servers.watch(kind).forget();
      await jobs.stop();
    },
  };
}
