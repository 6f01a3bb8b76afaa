import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Bubblewrap } from "../../../lib/processes/bubblewrap.ts";
import {
  declaredModuleSchema,
  type AcceptedModule,
  type DeclaredModule,
} from "../../connectors/custom/module/accepted-module.ts";
import { buildModule, type BuiltModule } from "../../connectors/custom/module/build-module.ts";
import { moduleConnector, type UseModule } from "../../connectors/custom/module/module-connector.ts";
import { startModule, type ModuleProcess } from "../../connectors/custom/module/module-process.ts";
import { moduleWalls } from "../../connectors/custom/module/module-walls.ts";
import { createIdlePool } from "../../connectors/custom/child/idle-pool.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import { issuesOf } from "../../connectors/framework/prepare-call.ts";
import { hashOfFiles } from "./module-folder.ts";

/** Processes of modules. */
export interface ModuleRuns {
  /** Uses the process of an accepted module; started when it is not there. Throws for one that is not as it was accepted. */
  use: UseModule;
  /** Builds a module and lets it say what it declares, in its walls and without a way out. */
  declare(id: string, file: string): Promise<BuiltModule & { declared: DeclaredModule }>;
  /** What it is made of; nothing is run. */
  look(file: string): Promise<BuiltModule>;
  endThose(isMeant: (id: string) => boolean): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  rootDir: string;
  /** Where the modules are. */
  folder: string;
  /** Where built ones are kept. */
  buildFolder: string;
  bubblewrap: Bubblewrap;
  acceptedOf(id: string): { file: string; accepted: AcceptedModule } | null;
  onFailure(id: string, message: string): void;
  clock: Clock;
  logger: Logger;
  idleMs?: number;
}

const describeMs = 15_000;

export function createModuleRuns(options: Options): ModuleRuns {
  const { rootDir, folder, buildFolder, bubblewrap, acceptedOf, onFailure, clock, logger, idleMs = 120_000 } = options;
  const pool = createIdlePool<ModuleProcess>({ idleMs, clock, logger });
  /** What has been built since the start of PortOS, by id. */
  const built = new Map<string, string>();
  const bundleOf = (id: string): string => join(buildFolder, `${id}.mjs`);

  async function build(id: string, file: string): Promise<BuiltModule> {
    await mkdir(buildFolder, { recursive: true, mode: 0o700 });
    const made = await buildModule({ rootDir, folder, file }, bundleOf(id));
    built.set(id, made.hash);
    return made;
  }

  async function begin(id: string): Promise<ModuleProcess> {
    const walls = await moduleWalls(bubblewrap);
    return startModule({
      command: walls.command(bundleOf(id)),
      name: id,
      logger,
      onEnd: ({ reason }) => {
        onFailure(id, reason);
      },
    });
  }

  async function start(id: string, file: string, accepted: AcceptedModule): Promise<ModuleProcess> {
    const isBuilt = built.get(id) === accepted.hash;
    const now = isBuilt ? await hashOfFiles(folder, accepted.files) : (await build(id, file)).hash;
    if (now === accepted.hash) return begin(id);
    throw new GatewayError("refused_by_policy", `${file} is not as it was accepted, so it is held back`, {
      hint: "Look at it on the Connectors page, and accept it there.",
      isFinal: true,
    });
  }

  return {
    async use(id, work) {
      const found = acceptedOf(id);
      if (found === null)
        throw new GatewayError("refused_by_policy", "Nobody has accepted this program as it is now", {
          hint: "Look at it on the Connectors page, and accept it there.",
          isFinal: true,
        });
      const { file, accepted } = found;
      return pool.use(id, accepted.hash, () => start(id, file, accepted), work);
    },
    look: (file) => buildModule({ rootDir, folder, file }),
    async declare(id, file) {
      await pool.endThose((one) => one === id);
      const made = await build(id, file);
      const running = await begin(id);
      try {
        const { signal } = new AbortController();
        const said = await running.ask({ kind: "describe" }, null, { signal, timeoutMs: describeMs });
        return { ...made, declared: readDeclared(id, said) };
      } catch (error) {
        if (error instanceof GatewayError) throw wrong(file, error.message);
        throw error;
      } finally {
        await running.close();
      }
    },
    endThose: pool.endThose,
    stop: pool.stop,
  };
}

function readDeclared(id: string, said: unknown): DeclaredModule {
  const parsed = declaredModuleSchema.safeParse(said);
  if (!parsed.success) {
    const issues = issuesOf(parsed.error, "").map(({ path, message }) => `${path.replace(/^\./, "")}: ${message}`);
    throw wrong(id, `it does not declare a connector (${issues.slice(0, 5).join("; ")})`);
  }
  if (parsed.data.id !== id) throw wrong(id, `its id is ${parsed.data.id}, and must be the name of the file`);
  try {
    moduleConnector(parsed.data, () => Promise.reject(new Error("it is only looked at")));
  } catch (error) {
    throw wrong(id, error instanceof Error ? error.message : String(error));
  }
  return parsed.data;
}

function wrong(what: string, why: string): AppError {
  return new AppError("invalid_request", `${what} cannot be used: ${why}`, {
    hint: "Correct the file, and accept it again.",
  });
}
