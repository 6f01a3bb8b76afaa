import { terminalEndpoints } from "../../../contract/features/terminal.ts";
import type { CosClient } from "../../cos-client.ts";
import type { Mount } from "../../http/mount.ts";
import type { SessionOverview } from "./session-overview.ts";

/** HTTP side of terminals: everything but the live bytes. */
export function mountTerminal(mount: Mount, cos: CosClient, overview: SessionOverview): void {
  mount(
    "terminal",
    terminalEndpoints,
  )({
    list: () => overview.read(),
    create: ({ body }) => cos.create({ ...body, owner: { kind: "user", id: "user" } }),
    update: ({ params, body }) => cos.update(params.id, body),
    kill: ({ params, body }) => cos.kill(params.id, body),
    keep: ({ params }) => cos.keep(params.id),
    close: async ({ params }) => {
      await cos.close(params.id);
      return null;
    },
    recordings: () => cos.recordings(),
    recording: ({ params }) => cos.recording(params.id),
    downloadRecording: async ({ params }) => {
      const { recording, text } = await cos.recording(params.id);
      return {
        headers: {
          "Content-Type": "application/x-asciicast",
          "Content-Disposition": `attachment; filename="${recording.id}.cast"`,
        },
        body: text,
      };
    },
    deleteRecording: async ({ params }) => {
      await cos.deleteRecording(params.id);
      return null;
    },
    commandHistory: ({ query }) => cos.commandHistory(query),
  });
}
