import { readTail } from "./log-tail.ts";

export interface LastEnd {
  /** The signal that ended it; `null` when there was none. */
  signal: string | null;
  /** Somebody had asked PM2 to stop or restart it. */
  wasAsked: boolean;
}

/**
 * How a process ended last. PM2's bus tells neither the signal nor, when it counts a stop as one unstable end too many,
 * that the end was asked for; its own log does: "Stopping app:web id:0", then "App [web:0] exited with code [0] via
 * signal [SIGKILL]", where SIGINT also stands for "none". One stopped while it waits for its next restart has ended long
 * ago: PM2 tells an end once more, and "Stopping" is the later line.
 */
export async function readLastEnd(pm2LogFile: string, name: string, pmId: number): Promise<LastEnd> {
  const mark = `App [${name}:${pmId}] `;
  const stop = `Stopping app:${name} id:${pmId}`;
  const lines = (await readTail(pm2LogFile)).split("\n").flatMap((line) => {
    const text = line.replace(/^.*?PM2 log: /, "");
    return text.startsWith(mark) || text === stop ? [text] : [];
  });
  const at = lines.findLastIndex((line) => line.startsWith(`${mark}exited with code [`));
  const signal = /via signal \[(SIG[A-Z0-9]+)\]/.exec(lines[at] ?? "")?.[1];
  return {
    signal: signal === undefined || signal === "SIGINT" ? null : signal,
    wasAsked: lines[at - 1] === stop || lines.slice(at + 1).includes(stop),
  };
}
