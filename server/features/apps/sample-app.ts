import { join } from "node:path";

import type { App, AppInput } from "../../../contract/features/apps.ts";
import { stateName } from "../../../lib/env.ts";
import type { ListeningPort } from "../../../lib/processes/listening-ports.ts";
import type { AppService } from "./app-service.ts";

const sampleId = "hello-app";
/** Two panels on one machine begin to look for a port at different places of this range. */
const portRange = { first: 4100, count: 800 };
/** Ports of other protocols no browser opens, from the range on: "bad ports" of the Fetch standard. */
const refusedByBrowsers = [4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080];

export interface SampleDependencies {
  apps: Pick<AppService, "list" | "create">;
  rootDir: string;
  dataDir: string;
  listeningPorts: () => Promise<ListeningPort[]>;
}

/** Registers `examples/hello-app` where it lies, on a free port; the app itself when it is registered already. */
export async function addSampleApp({ apps, rootDir, dataDir, listeningPorts }: SampleDependencies): Promise<App> {
  const known = apps.list();
  const existing = known.find(({ id }) => id === sampleId);
  if (existing) return existing;
  const taken = new Set([
    ...(await listeningPorts()).map(({ port }) => port),
    ...known.flatMap(({ processes }) => processes.flatMap(({ ports }) => ports)),
  ]);
  const port = samplePort(Number.parseInt(stateName(dataDir), 16), taken);
  return apps.create(sampleInput(join(rootDir, "examples/hello-app"), port));
}

/** The first free port of the range from a place in it that `seed` stands for, and one a browser opens. */
export function samplePort(seed: number, taken: ReadonlySet<number>): number {
  let port = portRange.first + (seed % portRange.count);
  while (taken.has(port) || refusedByBrowsers.includes(port)) port += 1;
  return port;
}

function sampleInput(folder: string, port: number): AppInput {
  return {
    id: sampleId,
    name: "Hello app",
    description: "A tiny server that logs. Try its buttons: a burst of lines, a progress bar, a crash.",
    folder,
    group: "",
    origin: "sample",
    editorTemplate: null,
    links: [{ kind: "port", label: "Open", port, path: "/" }],
    processes: [
      {
        name: "web",
        run: { kind: "command", command: ["node", "server.mjs"] },
        cwd: ".",
        ports: [port],
        isRestarted: true,
        isStartedWithApp: true,
        maxMemoryBytes: null,
        environment: [],
      },
    ],
  };
}
