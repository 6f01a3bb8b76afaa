import { z } from "zod";

import { sessionIdSchema, type SessionInfo } from "../../../../contract/internal/cos.ts";
import type { CosClient } from "../../../cos-client.ts";
import { facts, outside, ownTool, type OwnTool } from "./tool.ts";

const tailBytes = 256 * 1024;

/** Terminals, to look at only. */
export function terminalTools(cos: Pick<CosClient, "list" | "get" | "readOutput">): OwnTool[] {
  return [
    ownTool({
      area: "terminals",
      name: "list_terminals",
      title: "List terminals",
      description: "Lists terminals and commands that run, or have ended lately.",
      input: z.strictObject({}),
      run: async () => facts((await cos.list()).map(shortOf)),
    }),
    ownTool({
      area: "terminals",
      name: "read_terminal",
      title: "Read a terminal",
      description: "Reads the last lines a terminal shows. Nothing can be typed there.",
      input: z.strictObject({ id: sessionIdSchema, lines: z.int().min(1).max(400).default(100) }),
      async run({ id, lines }) {
        const session = await cos.get(id);
        const from = Math.max(0, session.outputBytes - tailBytes);
        const { bytes } = await cos.readOutput(id, { from, maxBytes: tailBytes });
        const { terminalText } = await import("./terminal-text.ts");
        const { cols, rows, tty } = session;
        const shown = await terminalText(bytes, { cols, rows, lines, convertEol: !tty });
        const label = `terminal ${session.name}, ${session.state}`;
        return outside(label, shown.length === 0 ? ["It shows nothing."] : shown, { trust: "program" });
      },
    }),
  ];
}

function shortOf({ id, name, kind, state, folder, title, runningCommand, lastOutputAt, exitCode, owner }: SessionInfo) {
  return { id, name, kind, state, folder, title, runs: runningCommand?.text ?? null, lastOutputAt, exitCode, owner };
}
