import type { LocalServer, LocalServerKind } from "../../../contract/features/local-models.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { createLmStudioServer } from "./lmstudio-server.ts";
import { type LocalModelsFile, type ServerConfig, serverKinds } from "./local-models-file.ts";
import type { ModelServer } from "./model-server.ts";
import { createOllamaServer } from "./ollama-server.ts";
import { helpFor, serverNames } from "./server-help.ts";
import { createServerHttp } from "./server-http.ts";
import { createServerWatch, type ServerWatch } from "./server-watch.ts";

export interface LocalServersOptions {
  store: JsonStore<LocalModelsFile>;
  secrets: Pick<SecretBox, "open" | "describe">;
  /** Never called, whatever is configured. */
  ownPorts: readonly number[];
  clock: Clock;
  /** Everything is stopped: no server is asked for anything. */
  panic: { isOn(): boolean; check(): void };
  /** Whether a program lies in PATH; nothing is started. */
  hasProgram(name: string): boolean;
  /** `isOther`: more than the time has changed. */
  onSeen(kind: LocalServerKind, isOther: boolean): void;
}

/** The two servers as they are configured and were last seen. */
export interface LocalServers {
  config(kind: LocalServerKind): ServerConfig;
  /** Throws `conflict` while the server is off. */
  open(kind: LocalServerKind): Promise<ModelServer>;
  /** The server when it can do this; why not otherwise. */
  able(kind: LocalServerKind, ability: keyof LocalServer["abilities"]): Promise<ModelServer>;
  watch(kind: LocalServerKind): ServerWatch;
  view(kind: LocalServerKind): Omit<LocalServer, "jobs">;
}

/** Contacts nothing by itself. */
export function createLocalServers(options: LocalServersOptions): LocalServers {
  const { store, secrets, clock, panic } = options;
  const ollamaFacts: NonNullable<Parameters<typeof createOllamaServer>[1]> = new Map();
  const config = (kind: LocalServerKind): ServerConfig => store.get().servers[kind];

  async function open(kind: LocalServerKind): Promise<ModelServer> {
    const { isEnabled, baseUrl, token } = config(kind);
    if (!isEnabled)
      throw new AppError("conflict", `${serverNames[kind].name} is turned off`, { hint: "Turn it on first." });
    const plain = token === null ? null : await secrets.open(token);
    const http = createServerHttp({ baseUrl, token: plain }, options.ownPorts);
    return kind === "ollama" ? createOllamaServer(http, ollamaFacts) : createLmStudioServer(http);
  }

  const watches = new Map(
    serverKinds.map((kind) => [
      kind,
      createServerWatch({
        open: () => (config(kind).isEnabled && !panic.isOn() ? open(kind) : Promise.resolve(null)),
        clock,
        onSeen: (isOther) => {
          options.onSeen(kind, isOther);
        },
      }),
    ]),
  );
  function watch(kind: LocalServerKind): ServerWatch {
    const found = watches.get(kind);
    if (!found) throw new AppError("not_found", "There is no such server");
    return found;
  }

  return {
    config,
    open,
    watch,
    async able(kind, ability) {
      panic.check();
      const server = await open(kind);
      if (watch(kind).seen().state !== "up") await watch(kind).refresh();
      const { state, message, abilities } = watch(kind).seen();
      if (state !== "up") throw new AppError("unavailable", message ?? `${serverNames[kind].name} does not answer`);
      const problem = abilities[ability];
      if (problem !== null) throw new AppError("conflict", problem);
      return server;
    },
    view(kind) {
      const { isEnabled, baseUrl, token } = config(kind);
      const seen = watch(kind).seen();
      const state = isEnabled ? seen.state : "off";
      const { name, program } = serverNames[kind];
      const help = helpFor(kind, { state, baseUrl }, state === "absent" && options.hasProgram(program));
      return { kind, name, isEnabled, baseUrl, token: secrets.describe(token), ...seen, state, help };
    },
  };
}
