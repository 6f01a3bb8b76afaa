import { z } from "zod";

import { eventKind } from "../../../contract/event-catalogue.ts";
import { eventNameSchema, eventsEndpoints, type EventKind } from "../../../contract/features/events.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { AppContext } from "../../app-context.ts";
import { type EventBus, openEventBus } from "./event-bus.ts";
import { createEventLog, eventFileBytes, eventRowSchema, type EventRow, indexEvent } from "./event-log.ts";

/** Opens the log of events and mounts its endpoints. Nothing is handed on before somebody serves. */
export async function buildEvents(context: AppContext): Promise<EventBus> {
  const log = await context.openLog<EventRow>("events", {
    schema: eventRowSchema,
    index: indexEvent,
    maxFileBytes: eventFileBytes,
  });
  const bus = await openEventBus({
    log: createEventLog(log),
    clock: context.clock,
    logger: context.logger.child("events"),
  });
  context.mount(
    "events",
    eventsEndpoints,
  )({
    catalogue: () => ({ events: kinds.map((kind) => ({ ...kind, last: bus.last(kind.name) })) }),
    list: ({ query }) => bus.page(query),
    async get({ params }) {
      const event = await bus.read(params.id);
      if (!event) throw new AppError("not_found", "This event is kept no longer");
      return event;
    },
  });
  return bus;
}

const kinds: Omit<EventKind, "last">[] = eventNameSchema.options.map((name) => {
  const { title, description, data, outside, example } = eventKind(name);
  const { $schema: _schema, ...schema } = z.toJSONSchema(data);
  return { name, title, description, data: schema, outside: [...outside], example: { ...example } };
});
