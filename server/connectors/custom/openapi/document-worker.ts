import { parentPort } from "node:worker_threads";

import { AppError } from "../../../../lib/app-error.ts";
import type { DocumentReply } from "./document-reader.ts";
import { importOpenApi } from "./import-openapi.ts";

/** The program of a thread of `createDocumentReader`. */
parentPort?.on("message", (text: string) => {
  parentPort?.postMessage(answer(text), []);
});

function answer(text: string): DocumentReply {
  try {
    return { ok: true, value: importOpenApi(text) };
  } catch (error) {
    if (error instanceof AppError) {
      const { code, message, hint = "", issues = [] } = error;
      return { ok: false, failure: { code, message, hint, issues } };
    }
    const message = `cannot be read: ${error instanceof Error ? error.message.slice(0, 200) : "unknown"}`;
    const issues = [{ path: "body.document", message }];
    const hint = "Give the document as its vendor publishes it.";
    return { ok: false, failure: { code: "invalid_request", message: `body.document: ${message}`, hint, issues } };
  }
}
