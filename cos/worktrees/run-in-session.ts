import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

import type { SessionInfo } from "../../contract/internal/cos.ts";
import type { SessionEngine } from "../sessions/session-engine.ts";

export type Sessions = Pick<SessionEngine, "create" | "info" | "readOutput" | "kill">;

const lookEveryMs = 100;
const readBytes = 256 * 1024;

export interface FollowOptions {
  /** Output as it comes, without control characters. */
  onText: (text: string) => void;
  /** Ends the command. */
  signal: AbortSignal;
}

/** Follows a session until its program has ended; an aborted one is ended. */
export async function followSession(id: string, sessions: Sessions, options: FollowOptions): Promise<SessionInfo> {
  const decoder = new StringDecoder("utf8");
  let from = 0;
  const read = (): void => {
    for (;;) {
      const { from: first, bytes } = sessions.readOutput(id, from, readBytes);
      if (bytes.length === 0) return;
      from = first + bytes.length;
      options.onText(stripVTControlCharacters(decoder.write(bytes)).replaceAll("\r\n", "\n"));
    }
  };
  const end = (): void => {
    sessions.kill(id, { undoMs: 0, graceMs: 2_000 });
  };
  if (options.signal.aborted) end();
  else options.signal.addEventListener("abort", end, { once: true });
  try {
    for (;;) {
      const info = sessions.info(id);
      read();
      if (info.state !== "running" && info.state !== "closing") return info;
      await new Promise((resolve) => {
        setTimeout(resolve, lookEveryMs);
      });
    }
  } finally {
    options.signal.removeEventListener("abort", end);
  }
}
