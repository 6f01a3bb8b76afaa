import { stripVTControlCharacters } from "node:util";

import { z } from "zod";

import { logLevels, logSourceIdSchema, type LogLine } from "../../../../contract/features/logs.ts";
import type { LogService } from "../../logs/log-service.ts";
import { facts, outside, ownTool, type OwnTool } from "./tool.ts";

const levels = z.array(z.enum(logLevels)).max(logLevels.length).default([]);
/** So many logs are searched at once when none is named. */
const mostSources = 32;

/** Logs of processes, newest lines and search. */
export function logTools(logs: Pick<LogService, "sources" | "lines" | "search">): OwnTool[] {
  return [
    ownTool({
      area: "logs",
      name: "list_logs",
      title: "List logs",
      description: "Lists processes that have logs; read_logs and search_logs take their ids.",
      input: z.strictObject({}),
      async run() {
        const sources = await logs.sources();
        return facts(sources.map(({ id, name, status, kind, totalBytes }) => ({ id, name, status, kind, totalBytes })));
      },
    }),
    ownTool({
      area: "logs",
      name: "read_logs",
      title: "Read a log",
      description: "Reads the newest lines of one log, oldest of them first. Secrets are out of it.",
      input: z.strictObject({
        source: logSourceIdSchema,
        lines: z.int().min(1).max(500).default(100),
        levels,
        text: z.string().max(500).default("").describe("Only lines that contain this"),
      }),
      async run({ source, lines, levels: only, text }, { signal }) {
        const filter = { text, isRegex: false, isCaseSensitive: false, levels: only };
        const isFiltered = text !== "" || only.length > 0;
        const wanted = { sources: [source], at: {}, limit: lines, ...(isFiltered ? { filter } : {}) };
        const page = await logs.lines(wanted, signal);
        return outside(`log ${source}`, shown(page.lines, "There are no such lines."), { trust: "program" });
      },
    }),
    ownTool({
      area: "logs",
      name: "search_logs",
      title: "Search logs",
      description: "Finds lines in logs, newest first. Without sources all logs are searched.",
      input: z.strictObject({
        text: z.string().min(1).max(500),
        isRegex: z.boolean().default(false).describe("The text is a regular expression (RE2)"),
        sources: z.array(logSourceIdSchema).max(mostSources).default([]),
        levels,
        limit: z.int().min(1).max(200).default(50),
      }),
      async run({ text, isRegex, sources, levels: only, limit }, { signal }) {
        const all = sources.length > 0 ? sources : (await logs.sources()).map(({ id }) => id);
        if (all.length === 0) return facts("There are no logs.");
        const filter = { text, isRegex, isCaseSensitive: false, levels: only };
        const found = await logs.search({ sources: all.slice(0, mostSources), filter, limit, budgetMs: 5_000 }, signal);
        const rest =
          found.before === null ? [] : ["(Older lines were not searched: ask for fewer logs or a rarer text.)"];
        const lines = [...shown(found.hits, "Nothing was found."), ...rest, ...found.problems];
        return outside(`lines with ${text}`, lines, { trust: "program" });
      },
    }),
  ];
}

function shown(lines: readonly LogLine[], none: string): string[] {
  if (lines.length === 0) return [none];
  return lines.map(({ time, level, text }) => {
    const at = time === null ? "" : `${new Date(time).toISOString()} `;
    const rank = level === "other" ? "" : `${level} `;
    return `${at}${rank}${stripVTControlCharacters(text)}`;
  });
}
