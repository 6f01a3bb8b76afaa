import { connectorModulesEndpoints } from "../../../contract/features/connector-modules.ts";
import { customConnectorsEndpoints } from "../../../contract/features/custom-connectors.ts";
import { mcpConnectorsEndpoints } from "../../../contract/features/mcp-connectors.ts";
import type { DocumentReader } from "../../connectors/custom/openapi/document-reader.ts";
import type { Mount, RequestContext } from "../../http/mount.ts";
import { deviceName } from "../../device-name.ts";
import type { CustomConnectors } from "./custom-folder.ts";
import type { DraftCalls } from "./draft-calls.ts";
import type { McpService } from "./mcp-service.ts";
import type { ModuleService } from "./module-service.ts";

interface Dependencies {
  custom: CustomConnectors;
  mcp: McpService;
  modules: ModuleService;
  drafts: DraftCalls;
  documents: DocumentReader;
}

/** Mounts the endpoints of connectors of one's own. */
export function mountCustomConnectors(mount: Mount, dependencies: Dependencies): void {
  const { custom, mcp, modules, drafts, documents } = dependencies;
  mount(
    "customConnectors",
    customConnectorsEndpoints,
  )({
    list: () => custom.list(),
    readOpenApi: ({ body }, { signal }) => documents.openApi(body.document, signal),
    async readGraphql({ body }, context) {
      const { readGraphql } = await import("../../connectors/custom/graphql/read-graphql.ts");
      return readGraphql(body, (connector, values, request) =>
        drafts.execute(connector, values, { ...request, ...askingOf(context) }),
      );
    },
    create: ({ body }) => custom.create(body),
    update: ({ params, body }) => custom.update(params.id, body),
    remove: ({ params }) => (modules.has(params.id) ? modules.remove(params.id) : mcp.remove(params.id)),
  });
  mount(
    "mcpConnectors",
    mcpConnectorsEndpoints,
  )({
    look: ({ body }, context) => mcp.look(body.definition, body.values, askingOf(context)),
    create: ({ body }) => mcp.create(body),
    update: ({ params, body }) => custom.update(params.id, body),
    tools: ({ params }) => mcp.tools(params.id),
    refresh: ({ params }, context) => mcp.refresh(params.id, askingOf(context)),
    accept: ({ params, body }) => mcp.accept(params.id, body.tools, body.drop),
  });
  mount(
    "connectorModules",
    connectorModulesEndpoints,
  )({
    list: () => modules.list(),
    get: ({ params }) => modules.get(params.id),
    template: () => modules.template(),
    put: ({ params, body }, { caller }) => modules.put(params.id, body, caller.name),
    accept: ({ params, body }, { caller }) => modules.accept(params.id, body.hash, caller.name),
  });
}

/** Who presses a button of the panel. */
export function askingOf({ caller, correlationId, signal, header }: RequestContext) {
  const device = deviceName(caller, header("user-agent"));
  return { caller: { kind: "person" as const, name: caller.name, device }, correlationId, signal };
}
