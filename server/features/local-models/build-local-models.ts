import { localModelsFeed } from "../../../contract/features/local-models.ts";
import { findProgram } from "../../../lib/processes/find-program.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { createLocalModelService } from "./local-model-service.ts";
import { type LocalModelsFile, localModelsFile, serverKinds } from "./local-models-file.ts";
import { mountLocalModels } from "./routes.ts";
import { serverNames } from "./server-help.ts";

const lookEveryMs = 5_000;

/** Opens the file, mounts endpoints and feed. Servers that are on are looked at while somebody watches. */
export async function buildLocalModels(
  context: AppContext,
  { panic }: { panic: { isOn(): boolean; check(): void } },
): Promise<{ start(): Promise<void>; stopDownloads(reason: string): Promise<number> }> {
  const { clock, env, realtime, secrets } = context;
  const logger = context.logger.child("local-models");
  const store = await context.openStore<LocalModelsFile>("localModels", localModelsFile);
  const feed = createFeed(realtime, localModelsFeed, { snapshot: () => service.list() });
  const service = createLocalModelService({
    store,
    secrets,
    ownPorts: Object.values(env.ports),
    clock,
    panic,
    logger,
    hasProgram: (name) => findProgram(name, env.rootDir, process.env["PATH"]) !== null,
    publish: feed.publish,
  });
  mountLocalModels(context.mount, service);
  context.names.add("localModels", ({ kind }) =>
    kind === "lmstudio" || kind === "ollama" ? serverNames[kind].name : "",
  );

  const lookAtAll = (): void => {
    for (const kind of serverKinds)
      service.refresh(kind).catch((error: unknown) => {
        logger.error("A model server could not be looked at", { server: kind }, error);
      });
  };
  let looking: NodeJS.Timeout | undefined;
  feed.onWatched((isWatched) => {
    clearInterval(looking);
    if (!isWatched) return;
    lookAtAll();
    looking = setInterval(lookAtAll, lookEveryMs).unref();
  });
  context.onStop(async () => {
    clearInterval(looking);
    await service.stop();
  });
  return { start: () => service.start(), stopDownloads: (reason) => service.stopDownloads(reason) };
}
