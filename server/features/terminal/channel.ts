import { terminalChannel } from "../../../contract/features/terminal.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { CosClient } from "../../cos-client.ts";
import type { CosLink, LinkViewer } from "../../cos-link.ts";
import type { ChannelClient, Realtime } from "../../realtime/realtime.ts";
import type { SessionOverview } from "./session-overview.ts";

type Client = ChannelClient<typeof terminalChannel>;

const maxViewersPerTab = 32;

/**
 * Live side of terminals: a thin relay between the browser's socket and the link to portos-cos. Bytes are passed on as
 * they are; credits go from end to end, so that nothing piles up here. Returns how to stop.
 */
export function registerTerminalChannel(
  realtime: Realtime,
  parts: { cos: CosClient; link: CosLink; overview: SessionOverview },
): () => void {
  const { cos, link, overview } = parts;
  const channel = realtime.register(terminalChannel, (client) => handlers(client, link, overview));
  const stops = [
    cos.onSession((session) => {
      channel.emitTo("watchers", "session", session);
    }),
    link.onRemoved((id) => {
      channel.emitTo("watchers", "removed", { id });
    }),
    link.onState((isUp) => {
      channel.emitTo("watchers", "state", { isUp });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function handlers(client: Client, link: CosLink, overview: SessionOverview) {
  const viewers = new Map<number, LinkViewer>();
  let attaching = 0;
  let isGone = false;

  function drop(number: number): void {
    viewers.get(number)?.detach();
    viewers.delete(number);
  }

  client.onDisconnect(() => {
    for (const number of viewers.keys()) drop(number);
    isGone = true;
  });

  return {
    watch() {
      client.join("watchers");
      return overview.read();
    },
    async attach({ viewer: number, id, cols, rows, after }: AttachPayload) {
      if (viewers.size + attaching >= maxViewersPerTab)
        throw new AppError("rate_limited", `One window can show ${maxViewersPerTab} terminals`);
      drop(number);
      attaching += 1;
      try {
        const { reply, viewer } = await link.attach({
          id,
          cols,
          rows,
          after,
          number,
          onFrame: (frame) => {
            client.emit("frame", frame);
          },
        });
        if (isGone) viewer.detach();
        else viewers.set(number, viewer);
        return reply;
      } finally {
        attaching -= 1;
      }
    },
    detach({ viewer }: { viewer: number }) {
      drop(viewer);
      return null;
    },
    input({ viewer, data, isBinary = false }: { viewer: number; data: string; isBinary?: boolean | undefined }) {
      viewers.get(viewer)?.input(Buffer.from(data, isBinary ? "latin1" : "utf8"));
      return null;
    },
    resize({ viewer, cols, rows }: { viewer: number; cols: number; rows: number }) {
      viewers.get(viewer)?.resize(cols, rows);
      return null;
    },
    credit({ viewer, bytes }: { viewer: number; bytes: number }) {
      viewers.get(viewer)?.credit(bytes);
      return null;
    },
  };
}

interface AttachPayload {
  viewer: number;
  id: string;
  cols: number;
  rows: number;
  after?: number | undefined;
}
