import type {
  CreateTerminalRequest,
  TerminalOutputResponse,
  WaitForTerminalExitResponse,
} from "@agentclientprotocol/sdk";

import { AppError } from "../../../lib/app-error.ts";
import { childEnvironment } from "../../../lib/processes/child-environment.ts";
import { endDescendants } from "../../../lib/processes/end-descendants.ts";
import { holdBackLoaderVariables } from "../../../lib/processes/loader-variables.ts";
import { brandProgram } from "../../../lib/processes/run-brand.ts";
import { stepBack } from "../../../lib/processes/step-back.ts";
import { spawnGroup } from "../../../lib/processes/spawn-group.ts";
import type { Surroundings } from "../../worktrees/surroundings.ts";
import type { Workspace } from "../workspace.ts";

const defaultLimit = 256 * 1024;
const mostTerminals = 50;

interface Terminal {
  pid: number | undefined;
  output: Buffer;
  isTruncated: boolean;
  exit: WaitForTerminalExitResponse | null;
  exited: Promise<WaitForTerminalExitResponse>;
}

export interface AcpTerminals {
  create(request: CreateTerminalRequest): Promise<{ terminalId: string }>;
  output(terminalId: string): TerminalOutputResponse;
  /** The output as text; empty for a terminal nobody knows. */
  textOf(terminalId: string): string;
  wait(terminalId: string): Promise<WaitForTerminalExitResponse>;
  kill(terminalId: string): Promise<void>;
  release(terminalId: string): Promise<void>;
  endAll(): Promise<void>;
}

/** Commands an agent asks its client to run: in the run's folder, without a shell, output capped. */
export function createAcpTerminals(
  workspace: Workspace,
  [markName, markValue]: [string, string],
  surroundings: Surroundings,
): AcpTerminals {
  const terminals = new Map<string, Terminal>();
  let last = 0;

  function find(id: string): Terminal {
    const terminal = terminals.get(id);
    if (!terminal) throw new AppError("not_found", `There is no terminal ${id}`);
    return terminal;
  }

  async function end({ pid, exit }: Terminal): Promise<void> {
    if (exit === null && pid !== undefined) await endDescendants({ leaderPid: pid });
  }

  return {
    async create({ command, args = [], env = [], cwd, outputByteLimit }) {
      if (terminals.size >= mostTerminals) throw new AppError("rate_limited", `${mostTerminals} terminals are open`);
      const folder = await workspace.locate(cwd ?? ".");
      const given = Object.fromEntries(env.map(({ name, value }) => [name, value]));
      const own = { ...surroundings.environment, ...given };
      const { program, environment } = holdBackLoaderVariables({
        program: { file: command, args },
        environment: childEnvironment({ ...own, PWD: folder, [markName]: markValue }),
      });
      const branded = brandProgram(surroundings.wrap(program, { agent: null, cwd: folder }), {
        cwd: folder,
        searchPath: environment["PATH"],
      });
      const child = spawnGroup(branded.file, branded.args, { cwd: folder, env: environment });
      stepBack(child.pid);
      child.stdin.end();
      last += 1;
      const id = `terminal-${last}`;
      const limit = Math.min(outputByteLimit ?? defaultLimit, defaultLimit);
      const terminal: Terminal = {
        pid: child.pid,
        output: Buffer.alloc(0),
        isTruncated: false,
        exit: null,
        exited: new Promise((resolve) => {
          child.onEnd(({ exitCode, signal, error }) => {
            if (error) keep(terminal, Buffer.from(`${error.message}\n`), limit);
            terminal.exit = { exitCode: error ? 127 : exitCode, signal };
            resolve(terminal.exit);
          });
        }),
      };
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (bytes: Buffer) => {
          keep(terminal, bytes, limit);
        });
      terminals.set(id, terminal);
      return { terminalId: id };
    },
    output(id) {
      const { output, isTruncated, exit } = find(id);
      return { output: output.toString("utf8"), truncated: isTruncated, exitStatus: exit };
    },
    textOf: (id) => terminals.get(id)?.output.toString("utf8") ?? "",
    wait: (id) => find(id).exited,
    kill: (id) => end(find(id)),
    release: (id) => end(find(id)), // its output stays readable for the transcript
    async endAll() {
      await Promise.all([...terminals.values()].map(end));
    },
  };
}

/** Keeps the end of the output, beginning with a whole character. */
function keep(terminal: Terminal, bytes: Buffer, limit: number): void {
  const whole = Buffer.concat([terminal.output, bytes]);
  if (whole.length <= limit) {
    terminal.output = whole;
    return;
  }
  let start = whole.length - limit;
  while (start < whole.length && ((whole[start] ?? 0) & 0xc0) === 0x80) start += 1;
  terminal.output = Buffer.from(whole.subarray(start));
  terminal.isTruncated = true;
}
