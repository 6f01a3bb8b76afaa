import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import {
  customConnectorSchema,
  type CustomConnector,
  type CustomFile,
} from "../../../contract/features/custom-connectors.ts";
import { mcpConnectorSchema, type McpConnector } from "../../../contract/features/mcp-connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import { diskError, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { readRegularFile } from "../../../lib/regular-file.ts";
import { watchFolder } from "../../../lib/watch-folder.ts";
import { declaredConnector, problemsOf } from "../../connectors/custom/declared-connector.ts";
import { mcpConnector, mcpProblems, type McpParts } from "../../connectors/custom/mcp/mcp-connector.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import { issuesOf } from "../../connectors/framework/prepare-call.ts";

/** What a JSON file of `data/connectors/` says. */
export type OwnDefinition = CustomConnector | McpConnector;

/** Connectors of the user's own: files that may be written by hand, each in force as soon as nothing is wrong with it. */
export interface CustomConnectors {
  list(): CustomFile[];
  /** Throws `conflict` when there is a connector with this id, `invalid_request` with everything that is wrong. */
  create<T extends OwnDefinition>(definition: T): Promise<T>;
  /** Throws `not_found`; the id stays, and so does its kind. */
  update<T extends OwnDefinition>(id: string, definition: T): Promise<T>;
  remove(id: string): Promise<CustomFile & { text: string }>;
  /** Throws `not_found`. */
  mcp(id: string): McpConnector;
  /** Throws `conflict`. */
  refuseTaken(id: string): void;
  stop(): Promise<void>;
}

interface Options {
  folder: string;
  registry: ConnectorRegistry;
  mcp: McpParts;
  /** Forgets what was configured and allowed under an id. */
  forget(id: string): Promise<void>;
  logger: Logger;
  /** Pause after the last sign of a change by hand, milliseconds. */
  debounceMs?: number;
}

const maxFileBytes = 4 * 1024 * 1024;
const maxFiles = 500;

/** Reads the folder and follows it. */
export async function openCustomConnectors(options: Options): Promise<CustomConnectors> {
  const { folder, registry, mcp, forget, logger, debounceMs = 200 } = options;
  let files = new Map<string, CustomFile>();
  const inForce = new Map<string, string>();
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function lookAtAll(): Promise<void> {
    const names = (await readdir(folder)).filter(isDefinition).toSorted();
    const found = new Map<string, CustomFile>();
    for (const name of names.slice(0, maxFiles)) found.set(name, await readFileOf(folder, name, registry));
    files = found;
    putInForce();
  }

  /** What did not change stays as it is, so that calls under way are not disturbed. */
  function putInForce(): void {
    const wanted = new Map<string, OwnDefinition>();
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
      registry.replace(isMcp(definition) ? mcpConnector(definition, mcp) : declaredConnector(definition));
      inForce.set(id, text);
    }
  }

  function existing(id: string): OwnDefinition {
    const definition = files.get(`${id}.json`)?.definition;
    if (definition) return definition;
    throw new AppError("not_found", "There is no such connector of your own");
  }

  function refuseTaken(id: string): void {
    if (registry.get(id) === undefined && !files.has(`${id}.json`)) return;
    throw new AppError("conflict", `There is a connector ${id} already`, {
      hint: "Give it another id.",
      issues: [{ path: "body.id", message: "is taken" }],
    });
  }

  async function write<T extends OwnDefinition>(definition: T): Promise<T> {
    const problems = allProblems(definition);
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
    isWatched: isDefinition,
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
        refuseTaken(definition.id);
        await forget(definition.id); // of a file that was deleted by hand
        return write(definition);
      }),
    update: (id, definition) =>
      inTurn(async () => {
        const isSame = isMcp(existing(id)) === isMcp(definition);
        const path = isSame ? "body.id" : "body.kind";
        if (definition.id !== id || !isSame)
          throw new AppError("invalid_request", `${path}: must stay as it is`, {
            issues: [{ path, message: "must stay as it is" }],
          });
        return write(definition);
      }),
    remove: (id) =>
      inTurn(async () => {
        existing(id);
        const file = join(folder, `${id}.json`);
        const text = await readRegularFile(file, maxFileBytes).catch(() => null);
        const removed = files.get(`${id}.json`);
        if (text === null || !removed) throw new AppError("not_found", "There is no such connector of your own");
        await rm(file, { force: true });
        await lookAtAll();
        await forget(id);
        return { ...removed, text };
      }),
    mcp(id) {
      const definition = existing(id);
      if (isMcp(definition)) return definition;
      throw new AppError("not_found", "There is no such MCP server among the connectors");
    },
    refuseTaken,
    async stop() {
      stopWatching();
      await turn;
    },
  };
}

function isMcp(definition: OwnDefinition): definition is McpConnector {
  return "kind" in definition;
}

/** Editors of programs keep their own settings there, too. */
function isDefinition(name: string): boolean {
  return name.endsWith(".json") && name !== "tsconfig.json" && name !== "package.json";
}

function allProblems(definition: OwnDefinition): { path: string; message: string }[] {
  return isMcp(definition) ? mcpProblems(definition) : problemsOf(definition);
}

async function readFileOf(folder: string, file: string, registry: ConnectorRegistry): Promise<CustomFile> {
  let kind: CustomFile["kind"] = "http";
  const broken = (message: string): CustomFile => ({ file, kind, definition: null, problems: [{ path: "", message }] });
  try {
    const json: unknown = JSON.parse(await readRegularFile(join(folder, file), maxFileBytes));
    kind = typeof json === "object" && json !== null && "kind" in json ? "mcp" : "http";
    const parsed = kind === "mcp" ? mcpConnectorSchema.safeParse(json) : customConnectorSchema.safeParse(json);
    if (!parsed.success) {
      const issues = issuesOf(parsed.error, "").map(({ path, message }) => ({
        path: path.replace(/^\./, ""),
        message,
      }));
      return { file, kind, definition: null, problems: issues };
    }
    const definition = parsed.data;
    const problems = allProblems(definition);
    if (definition.id !== basename(file, ".json"))
      problems.push({ path: "id", message: `must be the name of the file: ${basename(file, ".json")}` });
    if (registry.isBuiltIn(definition.id)) problems.push({ path: "id", message: "belongs to a connector of PortOS" });
    return { file, kind, definition, problems };
  } catch (error) {
    return broken(whyUnreadable(error));
  }
}

/** What is no file of the user's own is not quoted. */
function whyUnreadable(error: unknown): string {
  if (error instanceof SyntaxError) return `is no JSON: ${error.message}`;
  if (!(error instanceof AppError)) return "cannot be read";
  return error.code === "too_large" ? `is larger than ${maxFileBytes / 1024 / 1024} MB` : "is no regular file";
}
