import { join } from "node:path";

import { mcpEndpoints, type McpRights, type McpState } from "../../../contract/features/mcp.ts";
import type { Run } from "../../../contract/features/runs.ts";
import { mcpPath } from "../../../contract/mcp-path.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { browserProcessEndpoints } from "../../../contract/internal/browser.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import type { CosClient } from "../../cos-client.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import type { AppService } from "../apps/app-service.ts";
import type { LogService } from "../logs/log-service.ts";
import type { RunHooks } from "../runs/run-hooks.ts";
import type { RunService } from "../runs/run-service.ts";
import { endTokens } from "./end-tokens.ts";
import { createMcpDoor } from "./mcp-door.ts";
import { mcpFile, type McpFile } from "./mcp-file.ts";
import { refuseUnknownRights } from "./right-issues.ts";
import { createLender, type LendTools } from "./run-lender.ts";
import { createTokenStore } from "./token-store.ts";
import { appTools } from "./tools/app-tools.ts";
import { browserTools } from "./tools/browser-tools.ts";
import { connectorTools, type OutsideParts } from "./tools/connector-tools.ts";
import { logTools } from "./tools/log-tools.ts";
import { runTools } from "./tools/run-tools.ts";
import { terminalTools } from "./tools/terminal-tools.ts";

interface Dependencies {
  outside: OutsideParts & { registry: Pick<ConnectorRegistry, "get">; onChange(listener: () => void): void };
  apps: Pick<AppService, "list" | "get" | "run">;
  logs: Pick<LogService, "sources" | "lines" | "search">;
  runs: Pick<RunService, "list" | "get" | "events">;
  runHooks: Pick<RunHooks, "onRunEnded" | "onRunRemoved">;
  knownRun(id: string): Run | undefined;
  /** What runs that ask a provider get at most; `null`: what runs may in general. */
  toolsOfProvider(id: string): McpRights | null;
  onRunsComplete(listener: (isComplete: boolean) => void): void;
  cos: Pick<CosClient, "list" | "get" | "readOutput">;
}

/** What other features get of it. */
export interface BuiltMcp {
  lend: LendTools;
  tokens(): McpState["tokens"];
}

/** The MCP server of PortOS: its tokens on the API, its door at `/mcp`, and what runs get of it. */
export async function buildMcp(context: AppContext, parts: Dependencies): Promise<BuiltMcp> {
  const { registry } = parts.outside;
  const { env, clock, callers, router, runProgramOf, version } = context;
  const logger = context.logger.child("mcp");
  const tokens = createTokenStore({
    store: await context.openStore<McpFile>("mcpTokens", mcpFile),
    clock,
    isOver: (runId) => {
      const run = parts.knownRun(runId);
      return run !== undefined && !isOpenState(run.state);
    },
    onFailure: (error) => {
      logger.error("Who used a token last could not be written", {}, error);
    },
  });
  const browser = createInternalClient(browserProcessEndpoints, {
    baseUrl: `http://127.0.0.1:${env.ports.browserHealth}`,
    name: "portos-browser",
  });
  const own = [
    ...appTools({ apps: parts.apps, clock, append: (entry) => context.history.append(entry) }),
    ...logTools(parts.logs),
    ...runTools(parts.runs),
    ...terminalTools(parts.cos),
    ...browserTools(browser),
  ];
  const door = createMcpDoor({
    tokens,
    tools: { outside: parts.outside, own },
    callers,
    runProgramOf,
    clock,
    version,
    logger,
  });
  router.all(mcpPath, (request, response) => door.handle(request, response));
  parts.outside.onChange(door.tellToolsChanged);
  context.onStop(
    endTokens({
      tokens,
      hooks: parts.runHooks,
      runs: parts.runs,
      known: parts.knownRun,
      onComplete: parts.onRunsComplete,
      logger,
    }),
  );
  context.names.add("mcp", ({ id }) => tokens.list().find((token) => token.id === id)?.name);
  context.onStop(door.stop);

  const url = `http://127.0.0.1:${env.ports.server}${mcpPath}`;
  const bridge = [process.execPath, join(env.rootDir, "dist/mcp.js")];
  const state = (): McpState => ({ tokens: tokens.list(), runs: tokens.runs(), sessions: door.count(), url, bridge });
  context.mount(
    "mcp",
    mcpEndpoints,
  )({
    get: state,
    create({ body }, { caller }) {
      refuseUnknownRights(body.rights, { registry, before: null });
      return tokens.create(body, caller.name);
    },
    update({ params: { id }, body }) {
      const before = tokens.list().find((token) => token.id === id)?.rights ?? null;
      refuseUnknownRights(body.rights, { registry, before });
      return tokens.update(id, body);
    },
    revoke: ({ params }) => tokens.revoke(params.id),
    saveRuns({ body }) {
      refuseUnknownRights(body.rights, { registry, before: tokens.runs().rights });
      return tokens.saveRuns(body);
    },
  });
  const hasConnectors = (rights: McpRights): boolean =>
    connectorTools({ id: "", name: "", runId: "any", rights }, parts.outside).length > 0;
  return {
    lend: createLender({ tokens, ofProvider: parts.toolsOfProvider, hasConnectors, url, bridge }),
    tokens: () => tokens.list(),
  };
}
