import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { createBubblewrap } from "../../../lib/processes/bubblewrap.ts";
import type { ConnectorStatus } from "../../../contract/features/connectors.ts";
import type { AppContext } from "../../app-context.ts";
import type { McpParts } from "../../connectors/custom/mcp/mcp-connector.ts";
import { createDocumentReader } from "../../connectors/custom/openapi/document-reader.ts";
import { createMcpPrograms } from "../../connectors/custom/mcp/mcp-programs.ts";
import { createMcpSessions } from "../../connectors/custom/mcp/mcp-sessions.ts";
import type { Gateway } from "../../connectors/framework/gateway.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import type { ConfigStore } from "./config-store.ts";
import { openCustomConnectors } from "./custom-folder.ts";
import { mountCustomConnectors } from "./custom-routes.ts";
import { customStateFile, type CustomState } from "./custom-state.ts";
import { createDraftCalls } from "./draft-calls.ts";
import { createMcpService, rememberOffered } from "./mcp-service.ts";
import type { PolicyStore } from "./policy-store.ts";
import { buildSignIn, type SignInParts } from "./sign-in/build-sign-in.ts";
import { mountSignIn } from "./sign-in/sign-in-routes.ts";
import { openModules } from "./module-service.ts";

/** Connectors of the user's own. */
export interface BuiltCustom {
  /** Cuts what is asked of connectors that are not added yet, and ends all programs; answers how many calls that were. */
  cutAll(reason: string): number;
  /** Ends programs of connectors that are off. */
  endUnused(): void;
  stop(): Promise<void>;
}

interface Parts {
  gateway: Gateway;
  dependencies: GatewayDependencies;
  configs: ConfigStore;
  notifications: SignInParts["notifications"];
  /** Throws `not_found`. */
  statusOf(id: string): Promise<ConnectorStatus>;
  policies: Pick<PolicyStore, "forget">;
}

/** Opens their files, mounts their endpoints. */
export async function buildCustom(context: AppContext, given: Parts): Promise<BuiltCustom> {
  const { gateway, dependencies } = given;
  const { clock, env, version } = context;
  const { registry, configs } = dependencies;
  const logger = context.logger.child("own-connectors");
  const state = await context.openStore<CustomState>("customState", customStateFile);
  const folder = join(env.dataDir, dataFiles.customConnectors.path);
  const bubblewrap = createBubblewrap({
    searchPath: () => process.env["PATH"] ?? "",
    monotonic: () => clock.monotonic(),
  });
  const hidden = [env.dataDir, env.stateDir, env.configDir];
  const signIns = buildSignIn(context, {
    ...given,
    authOf(id) {
      const { server } = custom.mcp(id);
      return server.kind === "http" ? server.auth : { kind: "none" };
    },
  });
  /** What was configured and allowed under this id holds for nothing that comes after. */
  const forget = async (id: string): Promise<void> => {
    await given.configs.forget(id);
    await given.policies.forget(id);
    await signIns.settle(id);
  };
  const parts: McpParts = {
    signIns: signIns.tokens,
    programs: createMcpPrograms({ version, hidden, bubblewrap, clock, logger }),
    sessions: createMcpSessions({ version, monotonic: () => clock.monotonic() }),
    onOffered: rememberOffered({
      state,
      clock,
      onError(error) {
        logger.error("What an MCP server offers could not be kept", {}, error);
      },
    }),
  };
  const custom = await openCustomConnectors({ folder, registry, mcp: parts, forget, logger });
  const modules = await openModules({
    rootDir: env.rootDir,
    folder,
    buildFolder: join(env.stateDir, "connector-modules"),
    registry,
    state,
    bubblewrap,
    refuseTaken: custom.refuseTaken,
    forget,
    clock,
    logger,
  });
  const drafts = createDraftCalls(dependencies);
  const mcp = createMcpService({ custom, state, mcp: parts, gateway, drafts, signIns: signIns.service, clock });
  const documents = createDocumentReader(join(env.rootDir, "dist/document-reader.js"));
  mountCustomConnectors(context.mount, { custom, mcp, modules, drafts, documents });
  mountSignIn(context.mount, {
    signIns: signIns.service,
    statusOf: given.statusOf,
    titleOf: (id) => registry.get(id)?.title ?? "the connector",
  });

  async function endThose(isMeant: (id: string) => boolean): Promise<void> {
    await Promise.all([parts.programs.endThose(isMeant), modules.endThose(isMeant)]);
  }
  return {
    cutAll(reason) {
      void endThose(() => true);
      return drafts.cutAll(reason);
    },
    endUnused() {
      void endThose((id) => {
        const connector = registry.get(id);
        return connector !== undefined && !configs.setup(connector).isEnabled;
      });
    },
    async stop() {
      const renewed = signIns.tokens.stop(); // it has so many seconds, and they run
      await custom.stop();
      await drafts.stop();
      await documents.stop();
      await modules.stop();
      await parts.programs.stop();
      await renewed;
    },
  };
}
