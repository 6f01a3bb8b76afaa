import type { Router } from "express";

import { systemEndpoints, systemFeed, type Access, type DataProblem } from "../../../contract/features/system.ts";
import type { Clock } from "../../../lib/clock.ts";
import { sendJson } from "../../../lib/endpoint-runner.ts";
import type { Env } from "../../../lib/env.ts";
import type { Tailnet } from "../../../lib/tailnet.ts";
import type { Mount } from "../../http/mount.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import type { MachineMonitor } from "./machine-monitor.ts";

export interface SystemDependencies {
  router: Router;
  monitor: MachineMonitor;
  env: Pick<Env, "ports" | "dataDir">;
  clock: Clock;
  version: string;
  readTailnet: () => Promise<Tailnet>;
  problems: () => DataProblem[];
}

const intervalMs = 2000;

/** Mounts health, machine and access; measures the machine only while somebody watches. Returns how to stop. */
export function mountSystem(mount: Mount, realtime: Realtime, dependencies: SystemDependencies): () => void {
  const { monitor, clock, version } = dependencies;
  const startedAt = new Date(clock.now()).toISOString();
  const started = clock.monotonic();
  const health = () => ({
    status: "ok" as const,
    process: "portos-server" as const,
    pid: process.pid,
    uptimeMs: Math.round(clock.monotonic() - started),
    version,
  });
  // Every process answers at /health, so that whoever supervises needs one address only.
  dependencies.router.get("/health", (_request, response) => {
    sendJson(response, 200, health());
  });

  mount(
    "system",
    systemEndpoints,
  )({
    health,
    machine: () => monitor.read(),
    async access(): Promise<Access> {
      const tailnet = await dependencies.readTailnet();
      return {
        version,
        nodeVersion: process.version,
        dataDir: dependencies.env.dataDir,
        startedAt,
        tailnet,
        urls: urlsOf(dependencies.env, tailnet),
      };
    },
    problems: () => dependencies.problems(),
  });

  const feed = createFeed(realtime, systemFeed, { snapshot: () => monitor.read(), keep: 1 });
  let timer: NodeJS.Timeout | undefined;
  feed.onWatched((isWatched) => {
    clearInterval(timer);
    if (isWatched) timer = setInterval(() => void monitor.read().then(feed.publish), intervalMs);
  });
  return () => {
    clearInterval(timer);
  };
}

/** Addresses to open the panel with, the most useful first. */
export function urlsOf(env: Pick<Env, "ports">, tailnet: Tailnet): Access["urls"] {
  const urls: Access["urls"] = [{ kind: "local", url: `http://localhost:${env.ports.ui}` }];
  if (tailnet.state !== "running") return urls;
  if (tailnet.dnsName) urls.push({ kind: "tailnet", url: `http://${tailnet.dnsName}:${env.ports.ui}` });
  const [ipv4] = tailnet.addresses.filter((address) => !address.includes(":"));
  if (ipv4) urls.push({ kind: "tailnet", url: `http://${ipv4}:${env.ports.ui}` });
  return urls;
}
