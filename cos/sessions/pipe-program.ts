import { spawnGroup } from "../../lib/processes/spawn-group.ts";
import { maxWaitingInputBytes, type Program, type ProgramStart } from "./program.ts";

/** Starts a program on pipes; both outputs arrive in the order they were read. */
export function startPipeProgram(start: ProgramStart): Program {
  const child = spawnGroup(start.file, start.args, { cwd: start.cwd, env: start.env });
  const outputs = [child.stdout, child.stderr];
  for (const output of outputs) output.on("data", start.onData);
  child.onEnd(({ exitCode, signal, error }) => {
    const problem = error ? startProblem(start.file, error) : null;
    start.onEnd({ exitCode, signal, problem });
  });
  return {
    pid: child.pid ?? null,
    write(bytes) {
      if (child.stdin.writableLength + bytes.length > maxWaitingInputBytes) return false;
      child.stdin.write(bytes);
      return true;
    },
    resize: () => undefined,
    pause() {
      for (const output of outputs) output.pause();
    },
    resume() {
      for (const output of outputs) output.resume();
    },
  };
}

/** One sentence of why a program could not be started. */
export function startProblem(file: string, error: Error): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `The program "${file}" was not found`;
  if (code === "EACCES") return `The program "${file}" may not be executed`;
  return `The program "${file}" could not be started: ${error.message}`;
}
