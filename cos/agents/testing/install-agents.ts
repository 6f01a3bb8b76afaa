import { installRealAgents } from "./real-agents.ts";

/** Installs the programs once, before two files of tests look for them at the same time. */
export async function setup(): Promise<void> {
  const programs = await installRealAgents();
  if (typeof programs === "string") console.warn(`The tests with real agents are skipped: ${programs}`);
}
