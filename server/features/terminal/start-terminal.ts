import type { Mount } from "../../http/mount.ts";
import type { CosClient } from "../../cos-client.ts";
import type { CosLink } from "../../cos-link.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import { registerTerminalChannel } from "./channel.ts";
import { mountTerminal } from "./routes.ts";
import { createSessionOverview } from "./session-overview.ts";

/** Puts terminals on the API and on the socket, and connects to portos-cos. Returns how to stop. */
export function startTerminal(mount: Mount, realtime: Realtime, parts: { cos: CosClient; link: CosLink }): () => void {
  const { cos, link } = parts;
  const overview = createSessionOverview(cos, link);
  mountTerminal(mount, cos, overview);
  const stopChannel = registerTerminalChannel(realtime, { cos, link, overview });
  link.start();
  return () => {
    stopChannel();
    overview.stop();
    link.stop();
  };
}
