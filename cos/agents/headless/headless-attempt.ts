import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { AgentKind } from "../../../contract/features/providers.ts";
import { AppError } from "../../../lib/app-error.ts";
import { errorCode } from "../../../lib/durable-file.ts";
import { childEnvironment } from "../../../lib/processes/child-environment.ts";
import {
  findDetached,
  startDetached,
  type DetachedFiles,
  type DetachedProgram,
} from "../../../lib/processes/detached-program.ts";
import { politeSteps, type EndStep } from "../../../lib/processes/end-descendants.ts";
import { holdBackLoaderVariables } from "../../../lib/processes/loader-variables.ts";
import { createProgramEnd } from "../../../lib/processes/program-end.ts";
import { brandProgram } from "../../../lib/processes/run-brand.ts";
import type { RunMark } from "../../../lib/run-mark.ts";
import type { AttemptEnd, AttemptSink, AttemptTask, ProgramTarget, RunningAttempt } from "../attempt.ts";
import { failureFromText, lastLines, withLimitEnd } from "../failures.ts";
import { headlessTools, type HeadlessTools } from "../own-tools.ts";
import { picturesFolder } from "../picture-text.ts";
import { cutMessage } from "../run-pursuit.ts";
import type { OutputPosition } from "../store/event-log.ts";
import type { RunRecord } from "../store/run-record.ts";
import type { AgentItem } from "./agent-item.ts";
import { createAgentStream, type PlacedItem } from "./agent-stream.ts";
import { tailFile } from "./file-tail.ts";
import { headlessCommand, isTooLongForArgument } from "./headless-command.ts";
import { keepRedacted } from "./keep-redacted.ts";

const leftoverSteps: readonly EndStep[] = [
  { signal: "SIGTERM", graceMs: 1_000 },
  { signal: "SIGKILL", graceMs: 1_000 },
];
const mostOutputBytes = 512 * 1024 * 1024;
const toldErrorCharacters = 16 * 1024;

function filesOf(runFolder: string, attempt: number): DetachedFiles & { input: string; tools: string } {
  const name = (ending: string): string => join(runFolder, `attempt-${attempt}.${ending}`);
  const detached = { stdout: name("out"), stderr: name("err"), pid: name("pid"), exit: name("exit") };
  return { ...detached, input: name("in"), tools: name("tools") };
}

/** Tools of PortOS; a program in a sandbox sees no file of ours. */
async function toolsFor(
  { target, surroundings }: AttemptTask<ProgramTarget>,
  file: string,
): Promise<HeadlessTools | null> {
  if (target.tools === undefined) return null;
  const tools = headlessTools(target, target.tools, surroundings.isClosed === true ? null : file);
  if (tools?.file !== undefined) await writeFile(file, tools.file, { mode: 0o600 });
  return tools;
}

/** Runs a program on its own, detached, its JSON stream in a file: it outlives portos-cos and is found again. */
export async function startHeadlessAttempt(
  task: AttemptTask<ProgramTarget>,
  { mark }: { mark: RunMark },
): Promise<RunningAttempt> {
  const { target, text, sink, folder, number, runId } = task;
  const { agent, environment, timeoutMs } = target;
  const { permissionMode, budget, agentSessionId } = task;
  const files = filesOf(task.runFolder, number);
  const tools = await toolsFor(task, files.tools);
  const request = { agent, command: target.command, model: target.model, permissionMode, budget, tools };
  const command = headlessCommand({ ...request, agentSessionId, folder, text, readable: picturesFolder(task) });
  if (!command.isPromptPiped && isTooLongForArgument(text))
    throw new AppError("too_large", `${target.providerName} takes prompts of at most 120 KiB`);
  if (command.isPromptPiped) await writeFile(files.input, text, { mode: 0o600 });
  // Written down before it is started: whatever happens in between, it is started at most once.
  const deadlineMs = Date.now() + timeoutMs;
  await sink.child({ attempt: number, identity: null, deadlineMs });
  if (permissionMode !== "free") noteMissingQuestions(sink, target.providerName);
  const [markName, markValue] = mark(runId);
  const { surroundings } = task;
  const own = { ...command.env, ...surroundings.environment, ...environment, ...tools?.env };
  const { program: named, environment: env } = holdBackLoaderVariables({
    program: { file: command.file, args: command.args },
    environment: childEnvironment({ ...own, PWD: folder, [markName]: markValue }),
  });
  const program = await startDetached({
    ...surroundings.wrap(named, { agent, cwd: folder }),
    wrapKeeper: (keeper) => brandProgram(keeper, { cwd: folder, searchPath: env["PATH"] }),
    cwd: folder,
    env,
    stdin: command.isPromptPiped ? files.input : null,
    files,
  });
  await sink.child({ attempt: number, identity: program.identity, deadlineMs });
  return follow({ program, agent, files, mark: mark(runId).join("="), sink, after: null, isCut: false });
}

/** Takes up a program that outlived portos-cos, and what it wrote meanwhile; `null` when it never ran. */
export async function adoptHeadlessAttempt(
  task: Omit<AttemptTask, "target">,
  record: RunRecord,
  { mark, after }: { mark: RunMark; after: OutputPosition | null },
): Promise<RunningAttempt | null> {
  const { agent, child } = record;
  if (agent === null || child === null) return null;
  const files = filesOf(task.runFolder, child.attempt);
  const found = await findDetached(files, child.identity);
  if (found === null) return null;
  const program =
    found.state === "running"
      ? found.program
      : { identity: null, exited: Promise.resolve(found.code), forget: () => undefined };
  const { runId, sink } = task;
  const isCut = found.state === "ended" && (found.code === null || endedFromOutside.has(found.code));
  const attempt = await follow({ program, agent, files, mark: mark(runId).join("="), sink, after, isCut });
  return withDeadline(attempt, child.deadlineMs);
}

/** Cleans what an attempt left that has ended. */
export function tidyHeadlessAttempt(runFolder: string, attempt: number): Promise<void> {
  return tidyFiles(filesOf(runFolder, attempt));
}

async function tidyFiles({ stdout, stderr, tools }: DetachedFiles & { tools: string }): Promise<void> {
  await Promise.all([keepRedacted(stdout), keepRedacted(stderr), rm(tools, { force: true })]);
}

/** Exit codes of a shell for a program that was told to end: by the machine going down, or by whoever ended portos-cos. */
const endedFromOutside = new Set([128 + 1, 128 + 2, 128 + 15]);

interface Followed {
  program: Omit<DetachedProgram, "identity"> & { identity: DetachedProgram["identity"] | null };
  agent: AgentKind;
  files: DetachedFiles & { tools: string };
  /** `NAME=value` in the environment of everything it starts. */
  mark: string;
  sink: AttemptSink;
  after: OutputPosition | null;
  /** It was ended from outside while nobody was there: it did not fail, and nobody else is to be asked. */
  isCut: boolean;
}

async function follow({ program, agent, files, mark, sink, after, isCut }: Followed): Promise<RunningAttempt> {
  const stream = createAgentStream(agent, after, (item) => {
    if (item.kind === "text" || item.kind === "reasoning") sink.recall(item);
    else if (item.kind === "line") sink.recall({ kind: "output", stream: "out", text: item.text });
  });
  const programEnd = program.identity && createProgramEnd({ leaderPid: program.identity.pid, mark });
  const seen: Seen = { failed: null, isDone: false, sessionId: null, lines: "" };
  let size = 0;
  const letGo = new AbortController();
  const released = once(letGo.signal, "abort").then(() => "released" as const);
  const tail = await tailFile(files.stdout, (bytes) => {
    size += bytes.length;
    for (const placed of stream.push(bytes)) take(placed, sink, seen);
    if (size > mostOutputBytes) stop();
  });

  function stop(): void {
    programEnd?.begin(politeSteps);
  }

  async function end(): Promise<AttemptEnd> {
    const code = await Promise.race([program.exited, released]);
    if (code === "released") {
      program.forget();
      await tail.stop();
      return { failure: "crashed", message: "portos-cos was stopped", canContinue: false };
    }
    await tail.finish();
    for (const placed of stream.end()) take(placed, sink, seen);
    await programEnd?.finish(leftoverSteps);
    const errors = await readEnd(files.stderr);
    if (errors !== "") sink.text({ kind: "output", stream: "err", text: errors });
    return { ...endOf(code, errors), tidy: () => tidyFiles(files) };
  }

  function endOf(code: number | null, errors: string): AttemptEnd {
    if (size > mostOutputBytes)
      return { failure: "bad-reply", message: "It wrote more than 512 MiB", canContinue: seen.sessionId !== null };
    if (isCut && seen.failed === null)
      return { failure: "crashed", message: cutMessage, isCut, canContinue: seen.sessionId !== null };
    return withLimitEnd(judge(agent, code, seen, errors), `${errors}\n${seen.lines}`, Date.now());
  }

  const ended = end().catch((error: unknown): AttemptEnd => {
    stop();
    const message = error instanceof Error ? error.message : String(error);
    return { failure: "crashed", message: `Its output cannot be read: ${message}`, canContinue: false };
  });
  const release = (): void => {
    letGo.abort();
  };
  return { ended, stop, release };
}

interface Seen {
  failed: Extract<AgentItem, { kind: "failed" }> | null;
  isDone: boolean;
  sessionId: string | null;
  /** Lines that were no JSON. */
  lines: string;
}

function take({ item, position }: PlacedItem, sink: AttemptSink, seen: Seen): void {
  switch (item.kind) {
    case "text":
    case "reasoning":
      sink.text(item, position);
      break;
    case "line":
      seen.lines = (seen.lines + item.text).slice(-toldErrorCharacters);
      sink.text({ kind: "output", stream: "out", text: item.text }, position);
      break;
    case "tool":
    case "plan":
    case "notice":
      sink.event(item, position);
      break;
    case "session":
      seen.sessionId = item.id;
      sink.session(item.id);
      break;
    case "usage":
      sink.usage(item.usage);
      break;
    case "failed":
      seen.failed = item;
      break;
    case "done":
      seen.isDone = true;
      break;
  }
}

/** Only exit code 0 without a failure told is a success; programs that tell their end must have told it. */
function judge(agent: AgentKind, code: number | null, seen: Seen, errors: string): AttemptEnd {
  const canContinue = seen.sessionId !== null;
  if (seen.failed) return { failure: seen.failed.failure, message: seen.failed.message, canContinue };
  if (code === 0 && (seen.isDone || agent === "opencode")) return { failure: null, message: null, canContinue };
  if (code === 0) return { failure: "bad-reply", message: "It ended without a result", canContinue };
  const said = lastLines(errors) || lastLines(seen.lines);
  if (code === 126 || code === 127)
    return { failure: "not-installed", message: said || "The program was not found", canContinue };
  const how = code === null ? "It was killed" : `It ended with exit code ${code}`;
  const otherwise = code === 41 ? "not-logged-in" : "crashed";
  return {
    failure: failureFromText(`${errors}\n${seen.lines}`, otherwise),
    message: said === "" ? how : `${how}: ${said}`,
    canContinue,
  };
}

/** Nothing when it is not there: an empty one was removed by a portos-cos that was killed before it had written down the end. */
async function readEnd(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).slice(-toldErrorCharacters);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

function noteMissingQuestions(sink: AttemptSink, name: string): void {
  sink.event({
    kind: "notice",
    level: "info",
    text: `${name} works alone in this mode and cannot ask: what it would have to ask for is refused.`,
  });
}

/** The time limit goes on to count while portos-cos is away. */
function withDeadline(attempt: RunningAttempt, deadlineMs: number): RunningAttempt {
  let isLate = false;
  const timer = setTimeout(
    () => {
      isLate = true;
      attempt.stop();
    },
    Math.min(Math.max(0, deadlineMs - Date.now()), 2_147_000_000),
  );
  const ended = attempt.ended.then((end): AttemptEnd => {
    clearTimeout(timer);
    return isLate ? { ...end, failure: "timeout", message: "No end within its time" } : end;
  });
  return { ...attempt, ended };
}
