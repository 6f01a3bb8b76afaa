import { logsChannel } from "../../../contract/features/logs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import type { LogService } from "./log-service.ts";
import type { Viewer } from "./viewer.ts";

const maxViewersPerTab = 16;

/** Live tails over the `logs` channel. A tab's viewers end with its connection. */
export function registerLogsChannel(realtime: Realtime, service: LogService, logger: Logger): void {
  function close(viewer: Viewer): void {
    viewer.close().catch((error: unknown) => {
      logger.error("A live tail did not close", {}, error);
    });
  }

  realtime.register(logsChannel, (client) => {
    const viewers = new Map<string, Viewer>();
    let isGone = false;

    client.onDisconnect(() => {
      isGone = true;
      for (const viewer of viewers.values()) close(viewer);
      viewers.clear();
    });

    return {
      async subscribe(request) {
        if (viewers.size >= maxViewersPerTab)
          throw new AppError("rate_limited", `One page can follow ${String(maxViewersPerTab)} views of logs at once`);
        const {
          id: subscription,
          page,
          viewer,
        } = await service.view(request, {
          onLines: (event) => {
            client.emit("lines", { subscription, ...event });
          },
          onNotice: (notice) => {
            client.emit("notice", { subscription, notice });
          },
        });
        if (isGone) {
          close(viewer);
        } else {
          viewers.set(subscription, viewer);
          // The reply leaves before the first event: whoever gets an event knows what it belongs to.
          setImmediate(() => {
            if (viewers.has(subscription)) viewer.start();
          });
        }
        return { subscription, page };
      },
      acknowledge({ subscription, sequence }) {
        viewers.get(subscription)?.acknowledge(sequence);
        return null;
      },
      unsubscribe({ subscription }) {
        const viewer = viewers.get(subscription);
        viewers.delete(subscription);
        if (viewer) close(viewer);
        return null;
      },
    };
  });
}
