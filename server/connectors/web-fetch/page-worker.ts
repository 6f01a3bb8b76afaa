import { parentPort } from "node:worker_threads";

import { toGatewayError } from "../framework/to-gateway-error.ts";
import { extractParts } from "./extract.ts";
import { readPage } from "./fetch.ts";
import type { PageJob, PageReply } from "./page-reader.ts";

/** The program of a thread of `createPageReader`. */
parentPort?.on("message", (job: PageJob) => {
  void answer(job).then((reply) => {
    parentPort?.postMessage(reply, []);
  });
});

async function answer(job: PageJob): Promise<PageReply> {
  try {
    const value = await (job.kind === "fetch" ? readPage(job.text, job.wish) : extractParts(job.text, job.wish));
    return { ok: true, value };
  } catch (error) {
    const { gatewayCode: code, message, hint = "", isFinal } = toGatewayError(error);
    return { ok: false, failure: { code, message, hint, isFinal } };
  }
}
