import type {
  ClientCapabilities,
  ClientContext,
  ContentBlock,
  InitializeResponse,
  NewSessionResponse,
  PromptResponse,
  StopReason,
} from "@agentclientprotocol/sdk";

import type { AgentKind } from "../../../contract/features/providers.ts";
import { AppError } from "../../../lib/app-error.ts";
import { childEnvironment } from "../../../lib/processes/child-environment.ts";
import { politeSteps, type EndStep } from "../../../lib/processes/end-descendants.ts";
import { holdBackLoaderVariables } from "../../../lib/processes/loader-variables.ts";
import { createProgramEnd } from "../../../lib/processes/program-end.ts";
import { brandProgram } from "../../../lib/processes/run-brand.ts";
import { stepBack } from "../../../lib/processes/step-back.ts";
import { spawnGroup, type GroupChild } from "../../../lib/processes/spawn-group.ts";
import { identityOf } from "../../../lib/process-identity.ts";
import type { RunMark } from "../../../lib/run-mark.ts";
import type { AttemptEnd, AttemptTask, ProgramTarget, RunningAttempt } from "../attempt.ts";
import { failureFromText, lastLines } from "../failures.ts";
import { readable, record, textOrNull } from "../json-value.ts";
import { acpServers } from "../own-tools.ts";
import { withPicturePaths } from "../picture-text.ts";
import { addUsage, noUsage } from "../usage.ts";
import { openWorkspace } from "../workspace.ts";
import { acpClient } from "./acp-client.ts";
import { acpPipes } from "./acp-pipes.ts";
import { createAcpTerminals } from "./acp-terminals.ts";
import { createAcpUpdates } from "./acp-updates.ts";

const handshakeMs = 120_000;
const cancelMs = 2_000;
const keptErrors = 16 * 1024;
const quickly: readonly EndStep[] = [
  { signal: "SIGTERM", graceMs: 1_500 },
  { signal: "SIGKILL", graceMs: 1_500 },
];

/** Runs an agent over the Agent Client Protocol on its pipes. */
export async function startAcpAttempt(
  task: AttemptTask<ProgramTarget>,
  { mark: markOf, now }: { mark: RunMark; now: () => number },
): Promise<RunningAttempt> {
  const { target, folder, sink, runId, number } = task;
  const { loadProtocol, programFor } = await import("./acp-program.ts");
  const acp = await loadProtocol();
  const workspace = await openWorkspace(folder, task.own);
  const mark = markOf(runId);
  const { env, ...named } = programFor(target, task.permissionMode);
  const { surroundings } = task;
  const own = { ...surroundings.environment, ...target.environment };
  const { program, environment } = holdBackLoaderVariables({
    program: named,
    environment: childEnvironment({ ...env, ...own, PWD: folder, [mark[0]]: mark[1] }),
  });
  const { file, args } = brandProgram(surroundings.wrap(program, { agent: target.agent, cwd: folder }), {
    cwd: folder,
    searchPath: environment["PATH"],
  });
  const deadlineMs = now() + target.timeoutMs;
  const child = spawnGroup(file, args, { cwd: folder, env: environment });
  stepBack(child.pid);
  const exited = new Promise<string>((resolve) => {
    child.onEnd(({ exitCode, signal, error }) => {
      resolve(error ? error.message : `It ended with ${signal ?? `exit code ${exitCode ?? "unknown"}`}`);
    });
  });
  if (child.pid === undefined) throw new AppError("not_found", `${file} cannot be started: ${await exited}`);
  const { pid } = child;
  await sink.child({ attempt: number, identity: await identityOf(pid), deadlineMs });
  const errors = keepErrors(child);
  const terminals = createAcpTerminals(workspace, mark, surroundings);
  const updates = createAcpUpdates(sink, (id) => terminals.textOf(id));
  let usage = noUsage;
  const pipes = acpPipes(child, {
    onNoise: (text) => {
      sink.text({ kind: "output", stream: "out", text });
    },
    onTokens: (tokens) => {
      usage = addUsage(usage, { ...tokens, turns: 0, costUsd: null });
    },
  });
  const programEnd = createProgramEnd({ leaderPid: pid, mark: mark.join("=") });
  let isStopping = false;
  const state = { isStopping: () => isStopping, isLoading: false };
  const connection = acpClient({ acp, sink, workspace, updates, terminals, state }).connect(
    acp.ndJsonStream(pipes.output, pipes.input),
  );
  const { agent } = connection;
  let sessionId: string | null = null;
  let canContinue = false;

  async function talk(): Promise<AttemptEnd> {
    const { methods } = acp;
    const opened = await within(openSession(agent, acp, task, state), handshakeMs);
    ({ sessionId, canContinue } = opened);
    // The name of a session nobody can go on with says nothing.
    if (canContinue) sink.session(opened.sessionId);
    await chooseModel(agent, acp, opened, task);
    const prompt = promptOf(task, opened.seesImages);
    const reply: PromptResponse = await agent.request(methods.agent.session.prompt, {
      sessionId: opened.sessionId,
      prompt,
    });
    usage = addUsage(usage, { ...noUsage, turns: 1, costUsd: updates.costUsd });
    sink.usage(usage);
    return { ...ends[reply.stopReason], canContinue };
  }

  async function run(): Promise<AttemptEnd> {
    const gone = exited.then((how): AttemptEnd => {
      const said = lastLines(errors.text);
      const failure = failureFromText(errors.text, "crashed");
      return { failure, message: said === "" ? how : `${how}: ${said}`, canContinue };
    });
    let end: AttemptEnd;
    try {
      end = await Promise.race([talk(), gone]);
    } catch (error) {
      end = { ...acpFailure(error, errors.text), canContinue };
      // A torn pipe and the end of the program come together; the end says more.
      if (end.failure === "transport" || end.failure === "crashed") end = await Promise.race([gone, later(end, 300)]);
    }
    connection.close();
    await terminals.endAll();
    child.stdin.end();
    await programEnd.finish(quickly);
    if (end.failure !== null && errors.text !== "") sink.text({ kind: "output", stream: "err", text: errors.text });
    return end;
  }

  function stop(steps: readonly EndStep[]): void {
    isStopping = true;
    const hadSession = sessionId;
    if (hadSession !== null)
      agent.notify(acp.methods.agent.session.cancel, { sessionId: hadSession }).catch(() => undefined); // it is ended anyway
    programEnd.begin(steps, hadSession === null ? 0 : cancelMs);
  }

  return {
    ended: run(),
    stop: () => {
      stop(politeSteps);
    },
    release: () => {
      stop(quickly);
    },
  };
}

/** These take "there is no such file" for a failure of their own and could never make one; on their own disk they know it. */
function knowsMissingFiles(agent: AgentKind): boolean {
  return agent !== "gemini" && agent !== "qwen";
}

type Protocol = typeof import("@agentclientprotocol/sdk");
type Opened = Pick<NewSessionResponse, "sessionId" | "configOptions"> & { canContinue: boolean; seesImages: boolean };

async function openSession(
  agent: ClientContext,
  acp: Protocol,
  task: AttemptTask<ProgramTarget>,
  state: { isLoading: boolean },
): Promise<Opened> {
  const { methods } = acp;
  const files = knowsMissingFiles(task.target.agent);
  const clientCapabilities: ClientCapabilities = {
    fs: { readTextFile: files, writeTextFile: files },
    terminal: true,
  };
  const { agentCapabilities }: InitializeResponse = await agent.request(methods.agent.initialize, {
    protocolVersion: acp.PROTOCOL_VERSION,
    clientInfo: { name: "PortOS", version: "1" },
    clientCapabilities,
  });
  const canResume = agentCapabilities?.sessionCapabilities?.resume != null;
  const canContinue = canResume || agentCapabilities?.loadSession === true;
  const can = { canContinue, seesImages: agentCapabilities?.promptCapabilities?.image === true };
  const mcpServers = acpServers(task.target.tools, agentCapabilities?.mcpCapabilities?.http === true);
  const place = { cwd: task.folder, mcpServers };
  const sessionId = task.agentSessionId;
  if (sessionId === null) return { ...(await agent.request(methods.agent.session.new, place)), ...can };
  if (!canContinue) throw new AppError("conflict", `${task.target.providerName} cannot go on with a former session`);
  if (canResume)
    return { ...(await agent.request(methods.agent.session.resume, { ...place, sessionId })), sessionId, ...can };
  // Loading tells the whole history again; it stands in our events already.
  state.isLoading = true;
  try {
    return { ...(await agent.request(methods.agent.session.load, { ...place, sessionId })), sessionId, ...can };
  } finally {
    state.isLoading = false;
  }
}

/** What is said, with its pictures where the agent takes them, else with where they are. */
function promptOf(task: AttemptTask, seesImages: boolean): ContentBlock[] {
  if (!seesImages) return [{ type: "text", text: withPicturePaths(task) }];
  const pictures = task.images.map(({ data, mediaType }) => ({ type: "image" as const, data, mimeType: mediaType }));
  return [{ type: "text", text: task.text }, ...pictures];
}

/** Sets the model where the agent lets its client choose it; else it was named in its arguments, or stays the agent's own. */
async function chooseModel(agent: ClientContext, acp: Protocol, opened: Opened, task: AttemptTask<ProgramTarget>) {
  const { model } = task.target;
  if (model === null) return;
  const option = (opened.configOptions ?? []).find(({ category, id }) => category === "model" || id === "model");
  if (option?.type !== "select") return;
  if (option.currentValue === model) return;
  const offered = option.options.flatMap((entry) => ("options" in entry ? entry.options : [entry]));
  if (!offered.some(({ value }) => value === model))
    throw new AppError("not_found", `model ${model} not found: ${task.target.providerName} does not offer it`);
  const { sessionId } = opened;
  await agent.request(acp.methods.agent.session.setConfigOption, { sessionId, configId: option.id, value: model });
}

const ends: Record<StopReason, Pick<AttemptEnd, "failure" | "message">> = {
  end_turn: { failure: null, message: null },
  max_tokens: { failure: null, message: "The reply was cut off at the model's longest output." },
  max_turn_requests: { failure: "budget", message: "The agent reached its own limit of requests." },
  refusal: { failure: "refused", message: "The agent refused to go on." },
  cancelled: { failure: "cancelled", message: "The agent was interrupted." },
};

const authRequired = -32_000;

function acpFailure(error: unknown, errors: string): Pick<AttemptEnd, "failure" | "message"> {
  if (error instanceof AppError) {
    const failure = error.code === "timeout" ? "timeout" : failureFromText(error.message, "bad-request");
    return { failure, message: error.message };
  }
  const { code, data } = record(error);
  const said = error instanceof Error ? error.message : "It failed";
  const details = textOrNull(record(data)["details"]) ?? textOrNull(record(data)["message"]) ?? readable(data);
  const message = details === null || details === "{}" ? said : `${said}: ${details}`.slice(0, 2_000);
  if (code === authRequired) return { failure: "not-logged-in", message };
  return { failure: failureFromText(`${message}\n${errors}`, "crashed"), message };
}

function keepErrors(child: GroupChild): { readonly text: string } {
  const kept = { text: "" };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    kept.text = (kept.text + text).slice(-keptErrors);
  });
  return kept;
}

function later<T>(value: T, ms: number): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, value);
  });
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AppError("timeout", `The agent opened no session within ${ms / 1000} s`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
