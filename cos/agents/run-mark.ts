/** Name and value in the environment of everything a run starts: what it leaves behind is found by it. */
export function runMark(runId: string): [name: string, value: string] {
  return ["AGENT_RUN", runId];
}
