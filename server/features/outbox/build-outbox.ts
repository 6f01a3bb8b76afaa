import type { AppContext } from "../../app-context.ts";
import { openOutbox, outboxFileBytes, type Outbox } from "../../connectors/framework/outbox/outbox.ts";
import { outboxRowSchema, type OutboxRow } from "../../connectors/framework/outbox/outbox-row.ts";
import { mountOutbox } from "./routes.ts";
import { tellOutbox } from "./tell-outbox.ts";

/** Opens the outbox and mounts its endpoints. Nothing is sent before somebody calls `start`. */
export async function buildOutbox(context: AppContext): Promise<Outbox> {
  const log = await context.openLog<OutboxRow>("outbox", { schema: outboxRowSchema, maxFileBytes: outboxFileBytes });
  const outbox = await openOutbox({ log, clock: context.clock, logger: context.logger.child("outbox") });
  mountOutbox(context.mount, outbox);
  const stopTelling = tellOutbox(outbox, context.realtime);
  context.onStop(() => {
    stopTelling();
    return outbox.stop();
  });
  return outbox;
}
