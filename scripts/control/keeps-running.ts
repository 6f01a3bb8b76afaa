/** Names of the processes that go on: one that was stopped, or that PM2 gave up, is only kept in its list. */
export function keepsRunning(processes: readonly { name: string; status: string }[]): string[] {
  return processes.filter(({ status }) => status !== "stopped" && status !== "errored").map(({ name }) => name);
}
