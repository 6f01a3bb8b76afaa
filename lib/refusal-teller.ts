import type { IncomingMessage } from "node:http";

import { accessEndpoints, type RefusingProcess } from "../contract/features/access.ts";
import { plainAddress } from "./callers.ts";
import { systemClock } from "./clock.ts";
import type { Env } from "./env.ts";
import { createInternalClient } from "./internal-client.ts";
import type { ProgramRefusal } from "./local-programs.ts";
import type { Logger } from "./logger.ts";
import { createRefusalBook, type Refusal, type RefusalBook } from "./refusal-book.ts";

/** Takes down the refusals of a process that is not portos-server, which is told of them for the history. */
export interface RefusalTeller extends RefusalBook {
  onProgramRefused(request: IncomingMessage, refusal: ProgramRefusal): void;
}

/** Without portos-server refusals are in the own log only. */
export function createRefusalTeller(options: {
  process: RefusingProcess;
  env: Pick<Env, "apiHost" | "ports">;
  logger: Logger;
}): RefusalTeller {
  const { env, logger } = options;
  const server = createInternalClient(
    { noteRefusal: accessEndpoints.noteRefusal },
    { baseUrl: `http://${env.apiHost}:${env.ports.server}`, name: "portos-server", timeoutMs: 2_000 },
  );
  const book = createRefusalBook({
    clock: systemClock,
    logger,
    tell: ({ caller, ...refusal }: Refusal) => {
      const body = { ...refusal, process: options.process, caller: { ...caller, node: caller.node ?? "" } };
      server.noteRefusal({ body }).catch((error: unknown) => {
        logger.debug("A refusal is in this log only", { reason: error instanceof Error ? error.message : "" });
      });
    },
  });
  return {
    ...book,
    onProgramRefused: (request, refusal) => {
      book.note(programRefused(request, refusal));
    },
  };
}

/** A refusal of a program as the book takes it. */
export function programRefused(request: IncomingMessage, { reason, name }: ProgramRefusal): Omit<Refusal, "times"> {
  return { caller: { name, address: plainAddress(request.socket.remoteAddress) }, reason, what: whatOf(request) };
}

/** "GET /api/apps", for people to read: without the query, which may be long. */
export function whatOf(request: IncomingMessage): string {
  return `${request.method ?? "GET"} ${(request.url ?? "/").split(/[?#]/, 1)[0] ?? "/"}`.slice(0, 200);
}
