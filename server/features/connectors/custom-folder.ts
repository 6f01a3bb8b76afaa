import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import {
  customConnectorSchema,
  type CustomConnector,
  type CustomFile,
} from "../../../contract/features/custom-connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import { diskError, readWhole, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { watchFolder } from "../../../lib/watch-folder.ts";
import { declaredConnector, problemsOf } from "../../connectors/custom/declared-connector.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import { issuesOf } from "../../connectors/framework/prepare-call.ts";

/** Connectors of the user's own: files that may be written by hand, each in force as soon as nothing is wrong with it. */
export interface CustomConnectors {
  list(): CustomFile[];
  /** Throws `conflict` when there is a connector with this id, `invalid_request` with everything that is wrong. */
  create(definition: CustomConnector): Promise<CustomConnector>;
  /** Throws `not_found`; the id stays. */
  update(id: string, definition: CustomConnector): Promise<CustomConnector>;
  remove(id: string): Promise<CustomConnector>;
  stop(): Promise<void>;
}

interface Options {
  folder: string;
  registry: ConnectorRegistry;
  logger: Logger;
  /** Pause after the last sign of a change by hand, milliseconds. */
  debounceMs?: number;
}

const maxFileBytes = 4 * 1024 * 1024;
const maxFiles = 500;

/** Reads the folder and follows it. */
export async function openCustomConnectors(options: Options): Promise<CustomConnectors> {
  const { folder, registry, logger, debounceMs = 200 } = options;
  let files = new Map<string, CustomFile>();
  const inForce = new Map<string, string>();
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function lookAtAll(): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).toSorted();
    const found = new Map<string, CustomFile>();
    for (const name of names.slice(0, maxFiles)) found.set(name, await readFileOf(folder, name, registry));
    files = found;
    putInForce();
  }

  /** What did not change stays as it is, so that calls under way are not disturbed. */
  function putInForce(): void {
    const wanted = new Map<string, CustomConnector>();
    for (const { definition, problems } of files.values())
      if (definition !== null && problems.length === 0) wanted.set(definition.id, definition);
    for (const id of inForce.keys())
      if (!wanted.has(id)) {
        registry.remove(id);
        inForce.delete(id);
      }
    for (const [id, definition] of wanted) {
      const text = JSON.stringify(definition);
      if (inForce.get(id) === text) continue;
      registry.replace(declaredConnector(definition));
      inForce.set(id, text);
    }
  }

  function existing(id: string): CustomConnector {
    const definition = files.get(`${id}.json`)?.definition;
    if (definition) return definition;
    throw new AppError("not_found", "There is no such connector of your own");
  }

  async function write(definition: CustomConnector): Promise<CustomConnector> {
    const problems = problemsOf(definition);
    if (problems.length > 0) {
      const issues = problems.map(({ path, message }) => ({ path: `body.${path}`, message }));
      throw new AppError("invalid_request", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
        issues,
      });
    }
    const file = join(folder, `${definition.id}.json`);
    try {
      await replaceFile(systemDisk, file, `${JSON.stringify(definition, null, 2)}\n`);
    } catch (error) {
      throw diskError(error, file);
    }
    await lookAtAll();
    return definition;
  }

  await mkdir(folder, { recursive: true, mode: 0o700 });
  await lookAtAll();
  const stopWatching = watchFolder({
    folder,
    isWatched: (name) => name.endsWith(".json"),
    debounceMs,
    logger,
    onChange() {
      inTurn(lookAtAll).catch((error: unknown) => {
        logger.error("The folder of connectors could not be read", { folder }, error);
      });
    },
  });

  return {
    list: () => [...files.values()],
    create: (definition) =>
      inTurn(async () => {
        const isTaken = registry.get(definition.id) !== undefined || files.has(`${definition.id}.json`);
        if (isTaken)
          throw new AppError("conflict", `There is a connector ${definition.id} already`, {
            hint: "Give it another id.",
            issues: [{ path: "body.id", message: "is taken" }],
          });
        return write(definition);
      }),
    update: (id, definition) =>
      inTurn(async () => {
        existing(id);
        if (definition.id !== id)
          throw new AppError("invalid_request", "body.id: must stay as it is", {
            issues: [{ path: "body.id", message: "must stay as it is" }],
          });
        return write(definition);
      }),
    remove: (id) =>
      inTurn(async () => {
        const definition = existing(id);
        await rm(join(folder, `${id}.json`), { force: true });
        await lookAtAll();
        return definition;
      }),
    async stop() {
      stopWatching();
      await turn;
    },
  };
}

async function readFileOf(folder: string, file: string, registry: ConnectorRegistry): Promise<CustomFile> {
  const broken = (message: string): CustomFile => ({ file, definition: null, problems: [{ path: "", message }] });
  try {
    const whole = await readWhole(systemDisk, join(folder, file), maxFileBytes);
    if (whole === null) return broken("is gone");
    const parsed = customConnectorSchema.safeParse(JSON.parse(whole.bytes.toString("utf8")));
    if (!parsed.success) {
      const issues = issuesOf(parsed.error, "").map(({ path, message }) => ({
        path: path.replace(/^\./, ""),
        message,
      }));
      return { file, definition: null, problems: issues };
    }
    const definition = parsed.data;
    const problems = problemsOf(definition);
    if (definition.id !== basename(file, ".json"))
      problems.push({ path: "id", message: `must be the name of the file: ${basename(file, ".json")}` });
    if (registry.isBuiltIn(definition.id)) problems.push({ path: "id", message: "belongs to a connector of PortOS" });
    return { file, definition, problems };
  } catch (error) {
    return broken(error instanceof SyntaxError ? `is no JSON: ${error.message}` : "cannot be read");
  }
}
