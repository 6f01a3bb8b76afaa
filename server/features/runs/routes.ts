import { runsEndpoints } from "../../../contract/features/runs.ts";
import { createTranscript } from "../../../contract/run-transcript.ts";
import type { Mount } from "../../http/mount.ts";
import { demandWhenFree } from "../../demand-when-free.ts";
import type { RunService } from "./run-service.ts";
import { transcriptMarkdown } from "./transcript-markdown.ts";

const pageSize = 2_000;

/** Mounts the endpoints of runs. */
export function mountRuns(mount: Mount, runs: RunService): void {
  async function transcript(id: string): Promise<string> {
    const run = await runs.get(id);
    const folded = createTranscript();
    for (let page = await runs.events(id, { after: 0, limit: pageSize }); page.events.length > 0;) {
      folded.add(page.events);
      page = await runs.events(id, { after: folded.last, limit: pageSize });
    }
    return transcriptMarkdown(run, folded);
  }

  mount(
    "runs",
    runsEndpoints,
  )({
    list: ({ query }) => runs.list(query),
    create: async ({ body }) => ({ runs: await runs.create(body) }),
    get: ({ params }) => runs.get(params.id),
    async image({ params }) {
      const { mediaType, data } = await runs.image(params.id, params.number);
      return {
        headers: {
          "Content-Type": mediaType,
          "Content-Disposition": "inline",
          "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
          "X-Content-Type-Options": "nosniff",
          "Cache-Control": "private, max-age=86400, immutable",
        },
        body: Buffer.from(data, "base64"),
      };
    },
    jsonAnswer: ({ params }) => runs.jsonAnswer(params.id),
    downloadAnswer: async ({ params }) => ({
      headers: {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Disposition": `attachment; filename="${params.id}.answer.json"`,
      },
      body: (await runs.jsonAnswer(params.id)).text,
    }),
    events: ({ params, query }) => runs.events(params.id, query),
    async say({ params, body }, context) {
      await demandWhenFree(runs, params.id, context);
      return runs.say(params.id, body.text);
    },
    stop: ({ params }, { caller }) => runs.stop(params.id, `Stopped by ${caller.name}`),
    async resume({ params }, context) {
      await demandWhenFree(runs, params.id, context);
      return runs.resume(params.id);
    },
    async again({ params }, context) {
      await demandWhenFree(runs, params.id, context);
      return runs.again(params.id);
    },
    remove: async ({ params }) => {
      const { id, title } = await runs.remove(params.id);
      return { id, name: title };
    },
    restore: ({ params }) => runs.restore(params.id),
    download: async ({ params }) => ({
      headers: {
        "Content-Type": "text/markdown; charset=utf-8",
        "Content-Disposition": `attachment; filename="${params.id}.md"`,
      },
      body: await transcript(params.id),
    }),
  });
}
