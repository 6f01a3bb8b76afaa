import { z } from "zod";

import {
  mcpServerInfoSchema,
  type McpAuth,
  type McpConnector,
  type McpServerInfo,
  type McpTool,
  type McpToolFacts,
} from "../../../../contract/features/mcp-connectors.ts";
import {
  defineConnector,
  defineOperation,
  type AnyConnector,
  type AnyOperation,
  type OperationContext,
} from "../../framework/define-connector.ts";
import { digestOf } from "../../framework/digest-of.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { baseOf, placesIn, publicValues, signIn } from "../declared-request.ts";
import { authNames, bindingOf, checkFields, checkNames, configOf, type Add, type Config } from "../declared-config.ts";
import { fillText, namesIn } from "../fill-template.ts";
import { toleratedInput } from "../json-input.ts";
import { askSignedIn, type McpSignIns, type SignedConnector } from "./ask-signed-in.ts";
import type { McpLink } from "./mcp-link.ts";
import type { McpPrograms } from "./mcp-programs.ts";
import { outputOf, mcpOutputSchema } from "./mcp-result.ts";
import type { McpSessions, SessionSpec } from "./mcp-sessions.ts";
import { listOperation } from "./mcp-tools.ts";

/** What connectors of this kind have in common. */
export interface McpParts {
  programs: McpPrograms;
  sessions: McpSessions;
  signIns: McpSignIns;
  /** Told each time a server has said what it offers. */
  onOffered(id: string, offered: { server: McpServerInfo | null; tools: McpToolFacts[] }): void;
}

/** What is wrong with a definition, each with its field; empty when a connector can be made of it. */
export function mcpProblems(definition: McpConnector): { path: string; message: string }[] {
  const problems: { path: string; message: string }[] = [];
  const add: Add = (path, message) => void problems.push({ path, message });
  const { server, config, tools } = definition;
  const all = new Set(config.map(({ name }) => name));
  const plain = new Set(config.filter(({ isSecret }) => !isSecret).map(({ name }) => name));
  if (server.kind === "http") {
    checkNames("server.url", namesIn(server.url), plain, add);
    for (const [path, name] of authNamesOf(server.auth))
      if (!all.has(name)) add(`server.${path}`, `names ${name}, which is no field of the configuration`);
  } else {
    for (const [name, text] of Object.entries(server.env)) checkNames(`server.env.${name}`, namesIn(text), all, add);
    // Whoever looks at the processes of this machine sees them.
    server.args.forEach((text, at) => {
      checkNames(`server.args.${String(at)}`, namesIn(text), plain, add);
    });
  }
  checkFields(config, add);
  tools.forEach(({ name, tool }, at) => {
    if (name === listOperation) add(`tools.${String(at)}.name`, "is the name of another operation");
    if (tools.findIndex((one) => one.name === name) !== at) add(`tools.${String(at)}.name`, "is there twice");
    if (tools.findIndex((one) => one.tool === tool) !== at) add(`tools.${String(at)}.tool`, "is there twice");
  });
  return problems;
}

function authNamesOf(auth: McpAuth): [string, string][] {
  if (auth.kind !== "oauth") return authNames(auth);
  return auth.clientSecret === null ? [] : [["auth.clientSecret", auth.clientSecret]];
}

/** A connector of a definition without problems: its accepted tools, and a look at what the server offers. */
export function mcpConnector(definition: McpConnector, parts: McpParts): AnyConnector {
  const { id, title, description, config, server, tools } = definition;
  const operations = tools.map((tool): [string, AnyOperation] => [tool.name, operationOf(definition, tool, parts)]);
  return defineConnector({
    id,
    title,
    description,
    ...configOf(config),
    binding: bindingOf("mcp", server, config),
    ...secretPlacesIn(definition),
    ...(isSigned(definition) ? { signInAddress: (values: Config) => addressOf(definition, values) } : {}),
    peer: peerOf(definition, parts),
    operations: { ...Object.fromEntries(operations), [listOperation]: listTools(definition, parts) },
    insideField: "The address lies on this machine or in this network",
    insides: (values: Config) =>
      server.kind === "http" && server.isInside
        ? [{ address: addressOf(definition, values).origin, isInside: true }]
        : [],
  });
}

/** Asks it anew what it offers, so that one that hangs is not taken for one that answers. */
function peerOf(definition: McpConnector, parts: McpParts) {
  const { server } = definition;
  const accepted = new Map(definition.tools.map(({ tool, hash }) => [tool, hash]));
  return {
    isProgram: server.kind === "stdio",
    name(config: Config): string {
      if (server.kind === "stdio") return [server.command, ...server.args].join(" ");
      const { origin, pathname } = addressOf(definition, config);
      return `${origin}${pathname}`;
    },
    introduce: (context: OperationContext<Config>) =>
      withLink(definition, context, parts, async (link) => {
        const offered = await offeredBy(link, definition, { ...context, isAnew: true }, parts);
        const tools = offered.map(({ tool, hash }) => ({
          name: tool,
          isAccepted: accepted.has(tool),
          isAsAccepted: accepted.get(tool) === hash,
        }));
        return { server: link.server, tools };
      }),
  };
}

function listTools(definition: McpConnector, parts: McpParts): AnyOperation {
  return defineOperation<Config, z.ZodObject, z.ZodType>({
    title: "List tools",
    description: "Shows what the server offers just now, whether it was accepted or not.",
    effect: "read",
    input: z.object({}),
    output: z.object({
      server: mcpServerInfoSchema.nullable(),
      tools: z.array(z.object({ tool: z.string(), title: z.string(), description: z.string() })),
    }),
    targets: (_input, config) => targetsOf(definition, config),
    examples: [{ title: "What it offers", input: {} }],
    run: (_input, context) =>
      withLink(definition, context, parts, async (link) => {
        const tools = await offeredBy(link, definition, { ...context, isAnew: true }, parts);
        return {
          server: link.server,
          tools: tools.map(({ tool, title, description }) => ({ tool, title, description })),
        };
      }),
  });
}

function operationOf(definition: McpConnector, accepted: McpTool, parts: McpParts): AnyOperation {
  const { tool, title, description, effect, isToPeople, hints } = accepted;
  const named = (title === "" ? tool : title).replaceAll(/\s+/g, " ").slice(0, 80);
  return defineOperation<Config, z.ZodObject, z.ZodType>({
    title: named,
    description: description === "" ? named : description,
    effect,
    isToPeople,
    isIdempotent: effect === "read" || hints.isIdempotent === true,
    version: digestOf([tool, accepted.hash]),
    input: toleratedInput(accepted.input),
    output: mcpOutputSchema,
    targets: (_input, config) => targetsOf(definition, config),
    examples: [],
    run: (input, context) =>
      withLink(definition, context, parts, async (link) => {
        const offered = await offeredBy(link, definition, { ...context, isAnew: false }, parts);
        refuseUnlessAsAccepted(definition, accepted, offered);
        const options = { signal: context.signal, timeoutMs: Math.max(1, context.timeLeftMs()) };
        const result = await link.call(tool, input, options);
        return outputOf(result, { title: named, maxBytes: context.maxReplyBytes });
      }),
  });
}

async function offeredBy(
  link: McpLink,
  { id }: McpConnector,
  { signal, timeLeftMs, isAnew }: OperationContext<Config> & { isAnew: boolean },
  parts: McpParts,
) {
  const tools = await link.tools({ signal, timeoutMs: Math.max(1, timeLeftMs()), isAnew });
  parts.onOffered(id, { server: link.server, tools });
  return tools;
}

/** A server may change what a tool says and takes after it was accepted; then it is held back until somebody has looked. */
function refuseUnlessAsAccepted({ title }: McpConnector, accepted: McpTool, offered: readonly McpToolFacts[]): void {
  const now = offered.find(({ tool }) => tool === accepted.tool);
  if (now === undefined)
    throw new GatewayError("upstream_failed", `${title} does not offer the tool ${accepted.tool} any more`, {
      hint: "Look at its tools on the page of the connector.",
      isFinal: true,
    });
  if (now.hash === accepted.hash) return;
  throw new GatewayError(
    "refused_by_policy",
    `The tool ${accepted.tool} is described otherwise than it was accepted, so it is held back`,
    { hint: "Look at what has changed on the page of the connector, and accept it there.", isFinal: true },
  );
}

function addressOf({ server, config }: McpConnector, values: Config): URL {
  if (server.kind !== "http") throw new Error("It is a program");
  return baseOf({ baseUrl: server.url, config }, values);
}

function targetsOf(definition: McpConnector, values: Config): string[] {
  return definition.server.kind === "http" ? [addressOf(definition, values).href] : [];
}

function withLink<T>(
  definition: McpConnector,
  context: OperationContext<Config>,
  { programs, sessions, signIns }: McpParts,
  work: (link: McpLink) => Promise<T>,
): Promise<T> {
  const { id, server, config: fields } = definition;
  const { config, signal, fetch } = context;
  if (server.kind === "stdio") {
    const plain = publicValues(fields, config);
    const program = { ...server, args: server.args.map((text) => fillText(text, plain) ?? "") };
    const filled = Object.entries(server.env).map(([name, text]) => [name, fillText(text, config)] as const);
    const env = Object.fromEntries(filled.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
    return programs.use(id, { program, env, maxMessageBytes: context.maxReplyBytes + 65_536 }, work);
  }
  const url = addressOf(definition, config);
  const reach = (spec: Pick<SessionSpec, "headers" | "fetch" | "who">): Promise<T> =>
    sessions.use(id, { ...spec, url, signal, timeoutMs: Math.max(1, context.timeLeftMs()) }, work);
  if (server.auth.kind === "oauth")
    return askSignedIn(signedConnector(definition, config), { signIns, context, isInside: server.isInside, reach });
  const headers: Record<string, string> = {};
  signIn(server.auth, { url, headers, config, isInside: server.isInside });
  return reach({ headers, fetch });
}

function isSigned({ server }: McpConnector): boolean {
  return server.kind === "http" && server.auth.kind === "oauth";
}

function signedConnector(definition: McpConnector, values: Config): SignedConnector {
  const { id, title, server, config } = definition;
  const binding = bindingOf("mcp", server, config);
  return {
    id,
    title,
    binding,
    ...configOf(config),
    ...secretPlacesIn(definition),
    address: addressOf(definition, values),
  };
}

/** Of a program nobody knows where it goes but by the addresses it is given. */
function secretPlacesIn({ server, config }: McpConnector): Pick<AnyConnector, "secretPlaces"> {
  if (server.kind !== "http") return {};
  return { secretPlaces: (values: Config) => placesIn({ baseUrl: server.url, config }, values) };
}
