import { join } from "node:path";

import type { App, AppInput } from "../../../contract/features/apps.ts";
import { stateName } from "../../../lib/env.ts";
import type { ListeningPort } from "../../../lib/processes/listening-ports.ts";
import type { AppService } from "./app-service.ts";

const sampleId = "hello-app";
/** Two panels on one machine begin to look for a port at different places of this range. */
const portRange = { first: 4100, count: 800 };

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
  let port = portRange.first + (Number.parseInt(stateName(dataDir), 16) % portRange.count);
  while (taken.has(port)) port += 1;
  return apps.create(sampleInput(join(rootDir, "examples/hello-app"), port));
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
