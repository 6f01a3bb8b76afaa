import type { AgentKind } from "../../contract/features/providers.ts";

/** A program about to be started. */
export interface Program {
  file: string;
  args: string[];
}

/** What programs of a run are started in. */
export interface Surroundings {
  /** Added to their environment. */
  environment: Record<string, string>;
  /** Files of PortOS cannot be seen from there. */
  isClosed?: boolean;
  /** The program as it is to be started; `agent` says whose own state it needs, `null` for a plain command. */
  wrap(program: Program, options: { agent: AgentKind | null; cwd: string }): Program;
  /** Called when an attempt has ended: what went wrong with its work, in one sentence. */
  afterAttempt(): Promise<string | null>;
}

/** Nothing but the machine itself. */
export const plainSurroundings: Surroundings = {
  environment: {},
  wrap: (program) => program,
  afterAttempt: () => Promise.resolve(null),
};
