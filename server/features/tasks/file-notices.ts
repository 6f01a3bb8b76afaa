import { writeFile } from "node:fs/promises";

import type { Clock } from "../../../lib/clock.ts";
import { fileTime } from "../../../lib/file-problems.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import type { Adoption } from "./adopt-file.ts";

interface Options {
  notifications: Pick<NotificationService, "notify" | "settle">;
  path: string;
  clock: Clock;
}

/** What is said of changes to `TASKS.md`, for whoever makes them in an editor is not told there. */
export interface FileNotices {
  adopted(adoption: Pick<Adoption, "removed" | "clashes">): Promise<void>;
  /** `null` takes it back. */
  problem(problem: string | null): Promise<void>;
  /** Keeps a text that cannot be joined any more. */
  tooLate(text: string): Promise<void>;
}

const key = "tasks/file";
const taskLink = (id: string): string => `/agents/tasks/${id}`;
const board = "/agents?tab=board";
/** More deleted at once are told together. */
const maxSingle = 5;

/** Tells through the notification centre. */
export function createFileNotices({ notifications, path, clock }: Options): FileNotices {
  return {
    async adopted({ removed, clashes }) {
      if (removed.length <= maxSingle)
        for (const { id, title } of removed)
          await notifications.notify({
            level: "info",
            title: `Deleted in TASKS.md: ${title}`,
            message: "It can be brought back from its page.",
            link: taskLink(id),
            key: `${key}/removed/${id}`,
          });
      else
        await notifications.notify({
          level: "info",
          title: `${removed.length} tasks were deleted in TASKS.md`,
          message: removed.map(({ title }) => title).join(" · "),
          link: `${board}&deleted=1`,
          key: `${key}/removed/${removed[0]?.id}`,
        });
      for (const { id, text } of clashes)
        await notifications.notify({
          level: "warning",
          title: "TASKS.md and the board were changed at once",
          message: text,
          link: taskLink(id),
          key: `${key}/clash/${id}`,
        });
    },
    async problem(problem) {
      if (problem === null) return notifications.settle(key);
      await notifications.notify({
        level: "warning",
        title: "Look at TASKS.md",
        message: problem,
        link: board,
        key,
        needsYou: true,
      });
    },
    async tooLate(text) {
      const kept = `${path}.late-${fileTime(clock)}`;
      await writeFile(kept, text, { mode: 0o600, flag: "wx" });
      await notifications.notify({
        level: "warning",
        title: "TASKS.md was saved by two programs at once",
        message: `What could not be joined was kept beside it as ${kept}.`,
        link: board,
        key: `${key}/late`,
        needsYou: true,
      });
    },
  };
}
