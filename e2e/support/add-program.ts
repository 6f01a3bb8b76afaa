import { join } from "node:path";

import { expect, type PortosFixture } from "./test.ts";

const agents = join(import.meta.dirname, "../../cos/agents/testing");

/** Adds one of the pretended agent programs as a provider that is on. */
export async function addProgram(portos: PortosFixture, id: string, type: string, agent: string, file: string) {
  await portos.call("DELETE", `/api/providers/${id}`);
  const input = { type, name: `The ${id}`, agent, command: [process.execPath, join(agents, file)], models: [] };
  const added = await portos.call("POST", "/api/providers", { id, input });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  expect((await portos.call("POST", `/api/providers/${id}/enable`)).status).toBe(200);
}
