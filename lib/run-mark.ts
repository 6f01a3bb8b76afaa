import { stateName } from "./env.ts";

const name = "AGENT_RUN";

/**
 * Name and value in the environment of everything a run starts: what it leaves behind is found by it. What the user has run beside
 * it, such as a check, belongs to the run too, but is a `part` of its own, so that it does not end with the run's attempt.
 */
export type RunMark = (runId: string, part?: string) => [name: string, value: string];

/** Marks of the runs of one PortOS, which its data folder stands for: another one on this machine has others. */
export function runMarks(dataDir: string): RunMark {
  return (runId, part) => [name, `${runId}${part === undefined ? "" : `.${part}`}@${stateName(dataDir)}`];
}

/** Finds the mark of a run of the PortOS with this data folder in an environment as `/proc/<pid>/environ` shows it. */
export function createMarkFinder(dataDir: string): (environment: string) => string | null {
  const instance = `@${stateName(dataDir)}`;
  return (environment) => {
    if (!environment.includes(instance)) return null;
    return environment.split("\0").find((entry) => entry.startsWith(`${name}=`) && entry.endsWith(instance)) ?? null;
  };
}

/** The run a mark speaks of. */
export function runOfMark(mark: string): string {
  const [runId = ""] = mark.slice(name.length + 1, mark.lastIndexOf("@")).split(".");
  return runId;
}
