import { homedir } from "node:os";

import type { McpProgram } from "../../../../contract/features/mcp-connectors.ts";
import type { Logger } from "../../../../lib/logger.ts";
import type { Bubblewrap } from "../../../../lib/processes/bubblewrap.ts";
import { childEnvironment } from "../../../../lib/processes/child-environment.ts";
import { findProgram } from "../../../../lib/processes/find-program.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { confinedCommand } from "../child/confined-command.ts";
import { createIdlePool, programEnded, type IdlePool, type Kept } from "../child/idle-pool.ts";
import { openMcpLink, type McpLink } from "./mcp-link.ts";
import { createProgramTransport } from "./program-transport.ts";

/** A program with everything it is started with. */
export interface ProgramSpec {
  program: McpProgram;
  /** Its variables with their values, secrets among them. */
  env: Record<string, string>;
  maxMessageBytes: number;
}

/** Programs that speak MCP. */
export interface McpPrograms extends Pick<IdlePool<Kept>, "runningSince" | "endThose" | "stop"> {
  use<T>(id: string, spec: ProgramSpec, work: (link: McpLink) => Promise<T>): Promise<T>;
}

interface Options {
  version: string;
  /** Folders of PortOS nobody confined may see. */
  hidden: readonly string[];
  bubblewrap: Bubblewrap;
  clock: { now(): number; monotonic(): number };
  logger: Logger;
  idleMs?: number;
  startMs?: number;
}

interface Running extends Kept {
  link: McpLink;
}

/** Creates it; nothing runs before the first call. */
export function createMcpPrograms(options: Options): McpPrograms {
  const { version, clock, logger, idleMs = 300_000, startMs = 60_000 } = options;
  const pool = createIdlePool<Running>({ idleMs, clock, logger });

  async function start(
    id: string,
    { program, env, maxMessageBytes }: ProgramSpec,
    signal: AbortSignal,
  ): Promise<Running> {
    const { file, args, folder } = await commandOf(program, options);
    const transport = createProgramTransport({
      file,
      args,
      folder,
      env: childEnvironment(env),
      maxLineBytes: maxMessageBytes,
      name: id,
      logger,
    });
    const ended = () => transport.child()?.ended() ?? null;
    try {
      const link = await openMcpLink(transport, { version, monotonic: clock.monotonic, signal, timeoutMs: startMs });
      return { link, ended, close: () => transport.close() };
    } catch (error) {
      const over = ended();
      await transport.close();
      throw over ? programEnded(over, error) : error;
    }
  }

  return {
    use: (id, spec, work) =>
      pool.use(
        id,
        JSON.stringify(spec),
        (signal) => start(id, spec, signal),
        ({ link }) => work(link),
      ),
    runningSince: pool.runningSince,
    endThose: pool.endThose,
    stop: pool.stop,
  };
}

async function commandOf(program: McpProgram, { hidden, bubblewrap }: Pick<Options, "hidden" | "bubblewrap">) {
  const folder = program.folder ?? homedir();
  const file = findProgram(program.command, folder, childEnvironment()["PATH"]);
  if (file === null)
    throw new GatewayError("not_configured", `There is no program ${program.command}`, {
      hint: "Install it, or give its absolute path.",
      isFinal: true,
    });
  if (!program.isConfined) return { file, args: program.args, folder };
  const state = await bubblewrap.state();
  if (!state.isAvailable)
    throw new GatewayError("not_configured", `It must run confined, which cannot be done here. ${state.help}`, {
      hint: "Install what is missing, or let it run as it is, on the page of the connector.",
    });
  const { args, writable } = program;
  const wanted = { bubblewrap: state.program, hidden, writable, folder, file, args };
  return { ...confinedCommand(wanted), folder: "/" };
}
