import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

import type { SessionInfo } from "../../../contract/internal/cos.ts";
import { sessionSpecSchema } from "../../../contract/internal/cos.ts";
import { holdBackLoaderVariables } from "../../../lib/processes/loader-variables.ts";
import type { RunMark } from "../../../lib/run-mark.ts";
import type { AttemptEnd, AttemptTask, ProgramTarget, RunningAttempt } from "../attempt.ts";
import type { EngineParts } from "../create-engine.ts";
import { failureFromText } from "../failures.ts";

const lookEveryMs = 100;
const readBytes = 256 * 1024;
/** What stands for the prompt in the arguments of a program. */
const promptMark = "{prompt}";
const size = { cols: 120, rows: 40 };

/** Runs any program in a terminal that the user can attach to. The prompt replaces `{prompt}` in its arguments; else it is typed. */
export async function startTerminalAttempt(
  task: AttemptTask<ProgramTarget>,
  { mark, sessions }: { mark: RunMark; sessions: EngineParts["sessions"] },
): Promise<RunningAttempt> {
  const { target, folder, text, sink, runId, surroundings } = task;
  const [name, value] = mark(runId);
  const takesPrompt = target.command.some((part) => part.includes(promptMark));
  const [named = "", ...args] = target.command.map((part) => part.replaceAll(promptMark, () => text));
  const held = holdBackLoaderVariables({
    program: { file: named, args },
    environment: { ...surroundings.environment, ...target.environment, [name]: value },
  });
  const program = surroundings.wrap(held.program, { agent: target.agent, cwd: folder });
  const { id } = await sessions.create(
    sessionSpecSchema.parse({
      kind: "command",
      tty: true,
      command: [program.file, ...program.args],
      cwd: folder,
      name: target.providerName,
      env: held.environment,
      owner: { kind: "run", id: runId },
      ...size,
    }),
  );
  sink.terminal(id);
  if (!takesPrompt) sessions.find(id).type(Buffer.from(`${text.replaceAll("\n", "\r")}\r`));
  return { ended: follow(id, sessions, sink), stop, release: stop };

  function stop(): void {
    sessions.kill(id, { undoMs: 0, graceMs: 3_000 });
  }
}

async function follow(id: string, sessions: EngineParts["sessions"], sink: AttemptTask["sink"]): Promise<AttemptEnd> {
  const decoder = new StringDecoder("utf8");
  let from = 0;
  let tail = "";

  function read(): void {
    for (;;) {
      const { from: first, bytes } = sessions.readOutput(id, from, readBytes);
      if (bytes.length === 0) return;
      if (first > from)
        sink.event({ kind: "notice", level: "warning", text: `${first - from} bytes of output are left out` });
      from = first + bytes.length;
      const text = stripVTControlCharacters(decoder.write(bytes)).replaceAll("\r\n", "\n");
      tail = (tail + text).slice(-2_000);
      sink.text({ kind: "output", stream: "out", text });
    }
  }

  const info = await new Promise<SessionInfo>((resolve) => {
    const look = (): void => {
      read();
      const now = sessions.info(id);
      if (now.state === "running" || now.state === "closing") return;
      clearInterval(timer);
      read();
      resolve(now);
    };
    const timer = setInterval(look, lookEveryMs);
  });
  if (info.exitCode === 0) return { failure: null, message: null, canContinue: false };
  const how = info.problem ?? `It ended with ${info.signal ?? `exit code ${info.exitCode ?? "unknown"}`}`;
  const failure = info.problem === null ? failureFromText(tail, "crashed") : "not-installed";
  return { failure, message: how, canContinue: false };
}
