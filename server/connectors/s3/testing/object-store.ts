import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startHttp } from "../../../../lib/guarded-http/testing/hostile-server.ts";
import type { MadeCertificate } from "../../../../lib/guarded-http/testing/make-certificate.ts";
import { verifySignature } from "./verify-signature.ts";

/** What of the package is used; it has no types. */
interface S3rver {
  callback(): RequestListener;
  configureBuckets(): Promise<unknown>;
  logger: { close(): void; exceptions: { unhandle(): void } };
}
type S3rverClass = new (options: Record<string, unknown>) => S3rver;

/** Of the one account the server knows. */
export const accessKeyId = "S3RVER";
export const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

export interface ObjectStore {
  /** "http://127.0.0.1:4321" */
  origin: string;
  port: number;
  /** What was asked for, without bodies. */
  asked: Pick<IncomingMessage, "method" | "url" | "headers">[];
  /** The next request gets this instead of what the store would answer. */
  answers: ((response: ServerResponse) => void)[];
  close(): Promise<void>;
}

/** A real S3 server over a folder; since it takes any signature, each one is judged in front of it. */
export async function startObjectStore(certificate?: MadeCertificate): Promise<ObjectStore> {
  const Server = createRequire(import.meta.url)("s3rver") as S3rverClass;
  const directory = await mkdtemp(join(tmpdir(), "portos-s3-"));
  const store = new Server({
    directory,
    silent: true,
    serviceEndpoint: "localhost",
    configureBuckets: [{ name: "first" }, { name: "second" }],
  });
  await store.configureBuckets();
  const handle = store.callback();
  const asked: ObjectStore["asked"] = [];
  const answers: ObjectStore["answers"] = [];
  const server = await startHttp((request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, headers: { ...headers } });
    const answer = answers.shift();
    const problem = verifySignature(request, { secret: secretAccessKey });
    if (answer) answer(response);
    else if (problem === null) handle(request, response);
    else refuse(response, 403, problem);
  }, certificate);
  return {
    origin: `${certificate ? "https" : "http"}://127.0.0.1:${server.port}`,
    port: server.port,
    asked,
    answers,
    async close() {
      await server.close();
      store.logger.exceptions.unhandle();
      store.logger.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As stores say it. */
export function refuse(response: ServerResponse, status: number, code: string, more = ""): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${code}</Code><Message>No &amp; again no</Message>${more}<RequestId>1</RequestId></Error>`);
}
