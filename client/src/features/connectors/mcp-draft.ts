import type { McpConnector, McpConnectorInput } from "../../../../contract/features/mcp-connectors.ts";
import type { Values } from "../../ui/schema-form/schema-values.ts";
import type { VariableRow } from "../../ui/variables-editor.tsx";

/** How an MCP server is reached, as it is typed. */
export interface McpForm {
  id: string;
  title: string;
  kind: "stdio" | "http";
  /** Program and its arguments, as one would type them. */
  command: string;
  folder: string;
  variables: readonly VariableRow[];
  isConfined: boolean;
  url: string;
  isInside: boolean;
  token: string;
}

export const firstMcpForm: McpForm = {
  id: "",
  title: "",
  kind: "stdio",
  command: "",
  folder: "",
  variables: [],
  isConfined: false,
  url: "",
  isInside: false,
  token: "",
};

/** The definition with the values of its secrets, which are kept apart from it. */
export function mcpDraftOf(form: McpForm): { definition: McpConnectorInput; values: Values } {
  const { id, title, kind } = form;
  const base = { kind: "mcp" as const, id: id.trim(), title: title.trim() };
  return kind === "http" ? { ...addressDraft(base, form) } : programDraft(base, form);
}

type Base = Pick<McpConnectorInput, "kind" | "id" | "title">;

function addressDraft(base: Base, { url, isInside, token }: McpForm) {
  const isSigned = token !== "";
  const config = isSigned ? [{ name: "token", title: "Token", isSecret: true }] : [];
  const auth = isSigned ? { kind: "bearer" as const, secret: "token" } : { kind: "none" as const };
  const server = { kind: "http" as const, url: url.trim(), isInside, auth };
  return { definition: { ...base, config, server }, values: isSigned ? { token } : {} };
}

/** The same, signed in to on its own page. */
export function signedDraft(definition: McpConnectorInput): McpConnectorInput {
  const { server } = definition;
  return server.kind === "http" ? { ...definition, server: { ...server, auth: { kind: "oauth" } } } : definition;
}

/** A definition with what PortOS is known by where one signs in; its secret is a field of the configuration. */
export function withClient(
  definition: McpConnector,
  { clientId, hasSecret }: { clientId: string; hasSecret: boolean },
): McpConnector {
  const { server, config } = definition;
  if (server.kind !== "http" || server.auth.kind !== "oauth") return definition;
  const others = config.filter(({ name }) => name !== "clientSecret");
  const field = { name: "clientSecret", title: "Client secret", description: "", type: "text" as const };
  return {
    ...definition,
    config: hasSecret ? [...others, { ...field, isSecret: true, isRequired: true }] : others,
    server: { ...server, auth: { ...server.auth, clientId, clientSecret: hasSecret ? "clientSecret" : null } },
  };
}

function programDraft(base: Base, { command, folder, variables, isConfined }: McpForm) {
  const [program = "", ...args] = wordsOf(command).map(escaped);
  const named = variables.filter(({ name }) => name.trim() !== "");
  const fields = named.map((row) => ({ ...row, name: row.name.trim(), field: fieldOf(row.name.trim()) }));
  const secrets = fields.filter(({ isSecret }) => isSecret);
  const env = fields.map(({ name, value, field, isSecret }) => [name, isSecret ? `{${field}}` : escaped(value ?? "")]);
  const server = {
    kind: "stdio" as const,
    // What is a program has no places in it.
    command: program.replaceAll("{{", "{").replaceAll("}}", "}"),
    args,
    folder: folder.trim() === "" ? null : folder.trim(),
    env: Object.fromEntries(env) as Record<string, string>,
    isConfined,
  };
  return {
    definition: {
      ...base,
      config: secrets.map(({ name, field }) => ({ name: field, title: name, isSecret: true })),
      server,
    },
    values: Object.fromEntries(secrets.map(({ field, value }) => [field, value ?? ""])),
  };
}

/** A line as a shell would take it apart: spaces part words, quotes and a backslash keep them together. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    const isEscape = sign === "\\" && quote !== "'" && at + 1 < text.length;
    if (isEscape) {
      at += 1;
      word = (word ?? "") + text.charAt(at);
    } else if (quote !== "") {
      if (sign === quote) quote = "";
      else word = (word ?? "") + sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + sign;
  }
  return word === null ? words : [...words, word];
}

/** Braces mean something in a definition. */
function escaped(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}

function fieldOf(name: string): string {
  const field = name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^[^A-Za-z]+/, "");
  return field === "" ? "secret" : field.slice(0, 60);
}

/** "GitHub tools" → "github-tools" */
export function idOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}
