import { z } from "zod";

import { type Task, taskIdSchema, taskSchema } from "../../../contract/features/tasks.ts";

/** Tasks judged before: one that did not change is neither judged nor copied again. */
const judged = new WeakMap<object, Task>();

const storedTaskSchema = z.unknown().transform((value, context): Task => {
  const known = typeof value === "object" && value !== null ? judged.get(value) : undefined;
  if (known) return known;
  const parsed = taskSchema.safeParse(value);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: "custom", path: [...path], message });
    return z.NEVER;
  }
  judged.set(parsed.data, parsed.data);
  return parsed.data;
});

/** What `TASKS.md` and a task agreed on last: whatever differs from it was changed since, there or here. */
export const fileEntrySchema = z.strictObject({
  id: taskIdSchema,
  /** Whether its line names the id. */
  hasId: z.boolean(),
  mark: z.string().min(1).max(2),
  title: z.string(),
  type: z.string(),
  priority: taskSchema.shape.priority,
  appId: z.string().nullable(),
  prompt: z.string().nullable().default(null),
  values: z.record(z.string(), z.string()).default({}),
  instructions: z.string(),
});
export type FileEntry = z.output<typeof fileEntrySchema>;

/** Shape of `tasks.json`. */
export const tasksFile = {
  schema: z.strictObject({
    /** Those that have not ended and those that ended last. */
    tasks: z.array(storedTaskSchema),
    /** Deleted lately, newest first, so that it can be undone. */
    removed: z.array(z.strictObject({ removedAt: z.iso.datetime(), task: storedTaskSchema })).default([]),
    /** Rows of the history that no longer count, because their task was reopened or deleted. */
    hidden: z.array(z.strictObject({ id: taskIdSchema, endedAt: z.iso.datetime() })).default([]),
    /** Tasks made under a key of the client, newest first; `at`: when, as far as that was kept. */
    made: z
      .array(z.strictObject({ key: z.string(), id: taskIdSchema, at: z.iso.datetime().nullable().default(null) }))
      .default([]),
    file: z
      .strictObject({
        syncedAt: z.iso.datetime().nullable(),
        /** In the order of their lines. */
        entries: z.array(fileEntrySchema),
      })
      .default({ syncedAt: null, entries: [] }),
  }),
  initial: { tasks: [], removed: [], hidden: [], made: [], file: { syncedAt: null, entries: [] } },
  version: 1,
  isolate: { list: "tasks", entry: storedTaskSchema },
};
export type TasksFile = z.output<typeof tasksFile.schema>;
