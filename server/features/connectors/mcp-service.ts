import type { Input } from "../../../contract/endpoint.ts";
import type {
  McpConnector,
  mcpConnectorsEndpoints,
  McpToolFacts,
  McpTools,
} from "../../../contract/features/mcp-connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { isUnauthorized } from "../../connectors/custom/mcp/mcp-sessions.ts";
import { mcpConnector, mcpProblems, type McpParts } from "../../connectors/custom/mcp/mcp-connector.ts";
import { acceptTools, compareTools, isWhole, listOperation } from "../../connectors/custom/mcp/mcp-tools.ts";
import type { Gateway } from "../../connectors/framework/gateway.ts";
import type { GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import type { CustomConnectors } from "./custom-folder.ts";
import type { CustomState, OfferedTools } from "./custom-state.ts";
import type { SignInService } from "./sign-in/sign-in-service.ts";
import type { DraftCalls } from "./draft-calls.ts";

type Asking = Pick<GatewayRequest, "caller" | "correlationId" | "signal">;
type NewServer = Input<typeof mcpConnectorsEndpoints.create>["body"];
type Accepted = { tool: string; hash: string; effect: McpConnector["tools"][number]["effect"]; isToPeople: boolean };

/** What MCP servers offer, and what the user has accepted of it. */
export interface McpService {
  /** Asks a server that is not added yet. */
  look(definition: McpConnector, values: Record<string, unknown>, asking: Asking): Promise<McpTools>;
  /** Removes any connector of data; its program ends. */
  remove(id: string): ReturnType<CustomConnectors["remove"]>;
  /** What an earlier one with its id offered is forgotten. */
  create(wanted: NewServer): Promise<McpConnector>;
  tools(id: string): McpTools;
  /** Asks the server, through the gateway. */
  refresh(id: string, asking: Asking): Promise<McpTools>;
  /** Throws `conflict` for a tool that is offered otherwise than it was seen. */
  accept(id: string, tools: readonly Accepted[], drop: readonly string[]): Promise<McpTools>;
}

interface Parts {
  custom: CustomConnectors;
  state: JsonStore<CustomState>;
  mcp: McpParts;
  gateway: Gateway;
  drafts: DraftCalls;
  signIns: Pick<SignInService, "lookAtDraft">;
  clock: Clock;
}

export function createMcpService({ custom, state, mcp, gateway, drafts, signIns, clock }: Parts): McpService {
  function view(definition: McpConnector, offered: OfferedTools | null): McpTools {
    return {
      at: offered?.at ?? null,
      server: offered?.server ?? null,
      tools: compareTools(definition.tools, offered?.tools ?? null),
      runs: runsOf(definition, mcp.programs.runningSince(definition.id)),
      signIn: null,
    };
  }

  const offeredOf = (id: string): OfferedTools | null => state.get().offered[id] ?? null;

  /** Where one signs in to a server that lets nobody in; `null` where it wants something else, or was given something. */
  async function offerFor(definition: McpConnector, values: Record<string, unknown>, asking: Asking) {
    const { server } = definition;
    if (server.kind !== "http" || (server.auth.kind !== "none" && server.auth.kind !== "oauth")) return null;
    const auth = server.auth.kind === "oauth" ? server.auth : signedOnPage;
    const connector = mcpConnector({ ...definition, server: { ...server, auth }, tools: [] }, mcp);
    const looker = { ...asking, signal: asking.signal ?? new AbortController().signal };
    return signIns.lookAtDraft({ connector, values, auth }, looker);
  }

  return {
    async look(definition, values, asking) {
      custom.refuseTaken(definition.id);
      const problems = mcpProblems(definition);
      if (problems.length > 0) throw wrong(problems);
      let offered: OfferedTools | null = null;
      const draft = mcpConnector(
        { ...definition, tools: [] },
        {
          ...mcp,
          signIns: { ...mcp.signIns, token: () => Promise.resolve(null) },
          onOffered(_id, found) {
            offered = { ...found, at: new Date(clock.now()).toISOString() };
          },
        },
      );
      const nothing = view({ ...definition, tools: [] }, null);
      try {
        await drafts.execute(draft, values, { ...asking, operation: listOperation, params: {} });
        return view({ ...definition, tools: [] }, offered);
      } catch (error) {
        const signIn = isUnauthorized(error) ? await offerFor(definition, values, asking) : null;
        if (signIn === null) throw error;
        return { ...nothing, signIn };
      } finally {
        mcp.sessions.forget(definition.id);
        await mcp.programs.endThose((id) => id === definition.id);
      }
    },
    async remove(id) {
      const removed = await custom.remove(id);
      mcp.sessions.forget(id);
      await mcp.programs.endThose((one) => one === id);
      return removed;
    },
    tools: (id) => view(custom.mcp(id), offeredOf(id)),
    async refresh(id, asking) {
      const { id: connector } = custom.mcp(id);
      await gateway.execute({ ...asking, connector, operation: listOperation, params: {} });
      const at = new Date(clock.now()).toISOString();
      await state.update((file) => {
        const offered = file.offered[id];
        const next = offered === undefined ? file : { ...file, offered: { ...file.offered, [id]: { ...offered, at } } };
        return { next, result: undefined };
      });
      return view(custom.mcp(id), offeredOf(id));
    },
    async create({ definition, server, offered, accept }) {
      custom.refuseTaken(definition.id);
      const known = new Map(offered.flatMap((facts) => (isWhole(facts) ? [[facts.tool, facts] as const] : [])));
      const tools = acceptTools(
        definition.tools,
        takenFrom(accept, (tool) => known.get(tool)),
        [],
      );
      const made = await custom.create({ ...definition, tools });
      const seen = { at: new Date(clock.now()).toISOString(), server, tools: [...known.values()] };
      await state.update((file) => {
        const { [definition.id]: _former, ...others } = file.offered;
        const next = known.size === 0 ? others : { ...others, [definition.id]: seen };
        return { next: { ...file, offered: next }, result: undefined };
      });
      return made;
    },
    async accept(id, tools, drop) {
      const definition = custom.mcp(id);
      const offered = new Map((offeredOf(id)?.tools ?? []).map((facts) => [facts.tool, facts]));
      const taken = takenFrom(
        tools,
        (tool, hash) => offered.get(tool) ?? definition.tools.find((one) => one.tool === tool && one.hash === hash),
      );
      await custom.update(id, { ...definition, tools: acceptTools(definition.tools, taken, drop) });
      return view(custom.mcp(id), offeredOf(id));
    },
  };
}

const signedOnPage = { kind: "oauth" as const, clientId: null, clientSecret: null, scope: null };

/** Throws `conflict` for a tool that is not there as it was seen. */
function takenFrom(wanted: readonly Accepted[], find: (tool: string, hash: string) => McpToolFacts | undefined) {
  return wanted.map(({ tool, hash, effect, isToPeople }) => {
    const facts = find(tool, hash);
    if (facts?.hash === hash) {
      const { title, description, input, hints } = facts;
      return { facts: { tool, title, description, input, hints, hash }, effect, isToPeople };
    }
    throw new AppError("conflict", `The tool ${tool} is not offered as it was shown any more`, {
      hint: "Ask for the tools anew, and look at what has changed.",
    });
  });
}

/** Keeps what servers offer; written only where it is not known already. */
export function rememberOffered({
  state,
  clock,
  onError,
}: {
  state: JsonStore<CustomState>;
  clock: Clock;
  onError: (error: unknown) => void;
}): McpParts["onOffered"] {
  const marks = new Map<string, string>();
  return (id, found) => {
    const before = state.get().offered[id];
    const server = found.server ?? before?.server ?? null;
    const mark = markOf({ server, tools: found.tools });
    if (marks.get(id) === mark) return;
    marks.set(id, mark);
    const at = new Date(clock.now()).toISOString();
    state
      .update((file) => ({
        next: { ...file, offered: { ...file.offered, [id]: { at, server, tools: found.tools } } },
        result: undefined,
      }))
      .catch((error: unknown) => {
        marks.delete(id);
        onError(error);
      });
  };
}

function markOf({ server, tools }: Pick<OfferedTools, "server" | "tools">): string {
  return JSON.stringify([server, tools.map(({ hash }) => hash)]);
}

function runsOf({ server }: McpConnector, since: string | null): string {
  if (server.kind === "http") return "It is reached over HTTP, through the gateway.";
  const walls = server.isConfined
    ? "confined: without network, and without what is secret on this machine"
    : "as you would start it: with the network and the files of this machine";
  return since === null
    ? `A program that is started when it is called, ${walls}. It does not run now.`
    : `A program that runs now, ${walls}.`;
}

function wrong(problems: readonly { path: string; message: string }[]): AppError {
  const issues = problems.map(({ path, message }) => ({ path: `body.definition.${path}`, message }));
  return new AppError("invalid_request", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    issues,
  });
}
