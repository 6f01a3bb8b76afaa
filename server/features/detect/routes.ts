import { detectChannel, detectEndpoints, detectorNames } from "../../../contract/features/detect.ts";
import { newCorrelationId } from "../../../lib/correlation.ts";
import { toErrorBody } from "../../../lib/endpoint-runner.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Mount } from "../../http/mount.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import type { DetectService } from "./detect-service.ts";
import { listFolders } from "./folder-picker.ts";

export interface DetectDependencies {
  detect: DetectService;
  /** The user's home folder. */
  home: string;
  logger: Logger;
}

/** Detections one tab may have going at a time; starting another ends the oldest. */
const maxRunning = 2;

/** Mounts the folder picker, detection over HTTP, and the `detect` channel. */
export function mountDetect(mount: Mount, realtime: Realtime, { detect, home, logger }: DetectDependencies): void {
  mount(
    "detect",
    detectEndpoints,
  )({
    folders: ({ query }) => listFolders(query.path, home),
    plan: async ({ body }, { signal }) => detect.run(await detect.open(body.folder), () => undefined, signal),
  });

  realtime.register(detectChannel, (client) => {
    const running = new Map<string, AbortController>();
    function end(detectionId: string): void {
      running.get(detectionId)?.abort();
      running.delete(detectionId);
    }
    client.onDisconnect(() => {
      for (const id of running.keys()) end(id);
    });
    return {
      async start({ folder: typed }) {
        const folder = await detect.open(typed.startsWith("~/") ? `${home}/${typed.slice(2)}` : typed);
        const detectionId = newCorrelationId();
        const stopper = new AbortController();
        const [oldest] = running.keys();
        if (oldest !== undefined && running.size >= maxRunning) end(oldest);
        running.set(detectionId, stopper);
        // The answer goes first, so that the tab knows the id its steps come under.
        setImmediate(() => {
          detect
            .run(
              folder,
              (step) => {
                if (!stopper.signal.aborted) client.emit("step", { detectionId, step });
              },
              stopper.signal,
            )
            .then(
              (plan) => {
                if (!stopper.signal.aborted) client.emit("done", { detectionId, plan });
              },
              (error: unknown) => {
                if (stopper.signal.aborted) return;
                logger.error("A detection failed", { folder: folder.root }, error);
                client.emit("failed", { detectionId, message: toErrorBody(error, detectionId).body.error.message });
              },
            )
            .finally(() => running.delete(detectionId));
        });
        return { detectionId, folder: folder.root, detectors: [...detectorNames] };
      },
      cancel({ detectionId }) {
        end(detectionId);
        return null;
      },
    };
  });
}
