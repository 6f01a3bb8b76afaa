import { typedCommandSchema, type TypedCommand } from "../../contract/internal/cos.ts";
import type { Clock } from "../../lib/clock.ts";
import { openJsonLog } from "../../lib/json-log.ts";
import type { Logger } from "../../lib/logger.ts";
import type { KnownSecrets } from "../../lib/known-secrets.ts";
import { redact } from "../../lib/redact.ts";

export interface CommandQuery {
  text?: string | undefined;
  folder?: string | undefined;
  before?: string | undefined;
  limit: number;
}

/** Commands typed in terminals, newest first, each command line once per folder and page. */
export interface CommandHistory {
  add(command: TypedCommand): void;
  search(query: CommandQuery): Promise<{ items: TypedCommand[]; next: string | null }>;
  prune(): Promise<void>;
  close(): Promise<void>;
}

const keptDays = 365;

export async function openCommandHistory(options: {
  secrets: KnownSecrets;
  directory: string;
  clock: Clock;
  logger: Logger;
}): Promise<CommandHistory> {
  const { logger, secrets, ...place } = options;
  const log = await openJsonLog({ ...place, logger, schema: typedCommandSchema, dayOf: ({ at }) => at });
  return {
    add(command) {
      secrets
        .refresh()
        .then(() => log.append({ ...command, command: redact(command.command) }))
        .catch((error: unknown) => {
          logger.error("Could not keep a typed command", {}, error);
        });
    },
    async search({ text = "", folder, before, limit }) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const seen = new Set<string>();
      const page = await log.page({
        limit,
        ...(before === undefined ? {} : { before }),
        match: (entry) => {
          if (folder !== undefined && entry.folder !== folder) return false;
          const line = entry.command.toLowerCase();
          const key = `${entry.folder}\0${entry.command}`;
          if (seen.has(key) || !words.every((word) => line.includes(word))) return false;
          seen.add(key);
          return true;
        },
      });
      return { items: page.items, next: page.next };
    },
    prune: () => log.prune(keptDays),
    close: () => log.close(),
  };
}
