import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import type { AutomationInput } from "../../../../contract/features/automations.ts";
import type { TestApp } from "../../../testing/test-app.ts";

/** Resolves when the run is over. */
export async function ended(app: TestApp, id: string, timeoutMs = 15_000): Promise<Occurrence> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const row = await app.call("automations.occurrence", { params: { id } });
    if (row.state !== "running" && row.state !== "queued") return row;
    if (performance.now() > until) throw new Error(`still ${row.state}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The whole kept output of a run, read in small parts. */
export async function outputOf(app: TestApp, id: string): Promise<string> {
  let text = "";
  for (let from = 0; ;) {
    const part = await app.call("automations.output", { params: { id }, query: { from, maxBytes: 64 } });
    text += part.text;
    if (part.isComplete) return text;
    from = part.next;
  }
}

export const never = { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" } as const;

/** An automation that only runs by hand. */
export function byHand(action: AutomationInput["action"], changes: Partial<AutomationInput> = {}): AutomationInput {
  return {
    name: "By hand",
    schedule: never,
    action,
    missedPolicy: { kind: "skip" },
    overlapPolicy: "skip",
    ...changes,
  };
}

/** A web server of a user's project, and its registration as an app. */
export async function startProject(app: TestApp, listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), "portos-project-"));
  const processes = [{ name: "web", run: { kind: "command" as const, command: ["node", "x.js"] }, ports: [port] }];
  const { id } = await app.call("apps.create", { body: { name: "Blog", folder, processes } });
  return {
    id,
    port,
    folder,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
