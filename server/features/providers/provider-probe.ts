import { z } from "zod";

import type { FailureKind, ProviderHealth } from "../../../contract/features/providers.ts";
import type { ErrorCode } from "../../../contract/errors.ts";
import { sentences } from "../../../contract/sentences.ts";
import { apiKeyHeaders } from "../../../lib/api-key-headers.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { configuredOriginGuard } from "../../../lib/guarded-http/configured-origin-guard.ts";
import { type GuardedReply, guardedRequest } from "../../../lib/guarded-http/guarded-http.ts";
import { runCommand } from "../../../lib/processes/run-command.ts";
import { readLimit } from "../../../lib/provider-limits.ts";
import { redact } from "../../../lib/redact.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { agentPrograms, commandOf, type ProgramFinder } from "./agent-programs.ts";
import type { ProviderRecord } from "./provider-record.ts";

/** What one probe saw. */
export type Probed = Pick<ProviderHealth, "message" | "failure" | "latencyMs" | "backAt" | "models" | "version"> & {
  state: "unknown" | "up" | "limited" | "down";
};

type ApiRecord = Extract<ProviderRecord, { type: "api" }>;
type ProgramRecord = Exclude<ProviderRecord, { type: "api" }>;

export interface ProbeOptions {
  ownPorts: readonly number[];
  secrets: Pick<SecretBox, "open">;
  programs: ProgramFinder;
  clock: Clock;
  /** Where times without a zone are meant. */
  zone: string;
}

const maxBytes = 4 * 1024 * 1024;
const maxModels = 2_000;
const openAiListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });
const googleListSchema = z.object({ models: z.array(z.object({ name: z.string() })) });
const nothing = { message: null, failure: null, latencyMs: null, backAt: null, models: null, version: null };

/**
 * Looks whether a provider answers: an API by its list of models, a program by `--version`. Neither costs anything. Never
 * throws; takes `timeoutMs` at most.
 */
export function createProbe(options: ProbeOptions): (record: ProviderRecord, timeoutMs: number) => Promise<Probed> {
  return async (record, timeoutMs) => {
    try {
      return await (record.type === "api"
        ? probeApi(record, timeoutMs, options)
        : probeProgram(record, timeoutMs, options));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return {
        ...nothing,
        state: "down",
        failure: failureOf[error.code] ?? "refused",
        message: redact(sentence(error)),
      };
    }
  };
}

/** `unavailable`: its key cannot be opened on this machine. */
const failureOf: Partial<Record<ErrorCode, FailureKind>> = {
  timeout: "timeout",
  upstream_failed: "transport",
  unavailable: "not-logged-in",
};

function sentence({ message, hint }: AppError): string {
  return hint === undefined ? message : sentences(message, hint);
}

async function probeApi(record: ApiRecord, timeoutMs: number, options: ProbeOptions): Promise<Probed> {
  const key = record.apiKey === null || record.apiKey === "" ? null : await options.secrets.open(record.apiKey);
  const began = options.clock.monotonic();
  const reply = await guardedRequest({
    url: modelsUrl(record),
    method: "GET",
    headers: probeHeaders(record.dialect, key),
    guard: configuredOriginGuard({ address: record.baseUrl, ownPorts: options.ownPorts }),
    timeoutMs,
    maxBytes,
  });
  const latencyMs = Math.round(options.clock.monotonic() - began);
  const seen = reply.status === 200 ? readModels(record, reply) : readFailure(record, reply, options, key !== null);
  return { ...nothing, latencyMs, ...seen };
}

/** Address of the list of models below the configured one. */
function modelsUrl({ baseUrl, dialect }: ApiRecord): string {
  const search = { anthropic: "?limit=1000", google: "?pageSize=1000", openai: "", "openai-compatible": "" }[dialect];
  return `${baseUrl.replace(/\/+$/, "")}/models${search}`;
}

function probeHeaders(dialect: ApiRecord["dialect"], key: string | null): Record<string, string> {
  const version = dialect === "anthropic" ? { "anthropic-version": "2023-06-01" } : {};
  return { accept: "application/json", ...version, ...apiKeyHeaders(dialect, key) };
}

function readModels(record: ApiRecord, reply: GuardedReply): Partial<Probed> & Pick<Probed, "state"> {
  const models = modelIds(textOf(reply));
  if (models === null)
    return {
      state: "down",
      failure: "bad-reply",
      message: "It answers, but not with a list of models. Check the address: it usually ends in /v1",
    };
  const gone = record.models.filter(({ id }) => !models.includes(id)).map(({ id }) => id);
  const message = gone.length === 0 || models.length === 0 ? null : `It does not offer ${gone.join(", ")}`;
  return { state: "up", models: models.slice(0, maxModels), message };
}

function modelIds(text: string): string[] | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // a page of a proxy, most likely
  }
  const list = openAiListSchema.safeParse(json);
  if (list.success) return list.data.data.map(({ id }) => id);
  const google = googleListSchema.safeParse(json);
  return google.success ? google.data.models.map(({ name }) => name.replace(/^models\//, "")) : null;
}

function readFailure(
  record: ApiRecord,
  reply: GuardedReply,
  { clock, zone }: ProbeOptions,
  hasKey: boolean,
): Partial<Probed> & Pick<Probed, "state"> {
  const text = textOf(reply);
  const said = errorMessage(text);
  if (reply.status === 429) {
    const { kind, backAt } = readLimit({ headers: reply.headers, text }, clock.now(), zone);
    return { state: "limited", failure: kind, message: said, backAt: iso(backAt) };
  }
  if (reply.status === 401 || reply.status === 403 || /api[_ ]key[_ ](?:not valid|invalid)/i.test(text))
    return {
      state: "down",
      failure: "not-logged-in",
      message: hasKey ? "The API key is refused. Enter another one" : "It asks for an API key, and none is set",
    };
  if (reply.status === 404)
    return {
      state: "down",
      failure: "bad-request",
      message: `There is no list of models at ${modelsUrl(record)}. Check the address: it usually ends in /v1`,
    };
  const failure = reply.status >= 500 ? "server-error" : "bad-reply";
  return {
    state: "down",
    failure,
    message: `It answers with status ${reply.status}${said === null ? "" : `: ${said}`}`,
  };
}

const errorSchema = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

function errorMessage(text: string): string | null {
  try {
    const { error } = errorSchema.parse(JSON.parse(text));
    return redact(typeof error === "string" ? error : error.message).slice(0, 300);
  } catch {
    return null; // no error in a known form: the status says enough
  }
}

function textOf(reply: GuardedReply): string {
  return Buffer.from(reply.body).toString("utf8");
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

async function probeProgram(record: ProgramRecord, timeoutMs: number, options: ProbeOptions): Promise<Probed> {
  const [name, ...fixed] = commandOf(record);
  const program = record.agent === "custom" ? null : agentPrograms[record.agent];
  const path = name === undefined ? null : options.programs.find(name);
  if (name === undefined || path === null) {
    const hint =
      program === null ? "Check its command" : record.type === "cli" ? program.cliInstall : program.acpInstall;
    const what = name === undefined ? "It has no command" : `${name} was not found`;
    return {
      ...nothing,
      state: "down",
      failure: "not-installed",
      message: `${what}. ${hint.startsWith("npm ") ? `Install it: ${hint}` : hint}`,
    };
  }
  // arguments of a custom command may do anything; of a known one they only choose how it is spoken to
  if (program === null)
    return { ...nothing, state: "unknown", message: `${path} is there; it is not started for a check` };
  const args = record.command.length > 0 && record.type === "cli" ? [...fixed, "--version"] : ["--version"];
  const began = options.clock.monotonic();
  const result = await runCommand(path, args, { timeoutMs, maxBytes: 64 * 1024 });
  const latencyMs = Math.round(options.clock.monotonic() - began);
  const version = /\d+\.\d+(?:\.\d+)?[\w.+-]*/.exec(`${result.stdout}\n${result.stderr}`)?.[0] ?? null;
  if (result.isTimedOut)
    return {
      ...nothing,
      state: "unknown",
      message: `It is installed, but did not tell its version within ${timeoutMs / 1000} s`,
    };
  if (result.startError !== null || result.code !== 0) {
    const line = redact(result.stderr.trim().split("\n")[0] ?? "").slice(0, 300);
    const why = result.startError ?? (line === "" ? `exit code ${result.code ?? "none"}` : line);
    return { ...nothing, state: "down", failure: "crashed", message: `${path} does not start: ${why}` };
  }
  // a command of one's own may log in in its own way
  const isOwn = record.type === "acp" && record.command.length > 0;
  const isLoggedOut = !isOwn && record.environment.length === 0 && options.programs.hasLogin(program) === false;
  const message = isLoggedOut ? `No login was found. Start ${name} once in a terminal and log in` : null;
  return { ...nothing, state: "up", latencyMs, version, message };
}
