import { createContext, Script } from "node:vm";

import { compile, TreeInterpreter, type JSONValue } from "@jmespath-community/jmespath";

/** Of what an expression makes: characters and values together. */
const mostResult = 20_000_000;
const usualMs = 1_000;

/** Made at the first search: a room of its own is a second set of everything JavaScript has. */
let madeRoom: { room: { work: () => unknown }; script: Script } | null = null;

/** It was ended before it found anything: whoever waits is blocked that long. */
export class SearchTimeout extends Error {}

/**
 * What a JMESPath expression finds in a value; `null` for nothing. Throws an `Error` that says why for one that cannot be read or
 * worked out, that takes long, or that makes more of it than anybody can read: some lines of text are enough for either.
 */
export function searchJson(expression: string, value: unknown, timeoutMs = usualMs): unknown {
  madeRoom ??= {
    room: createContext({ work: () => null }) as { work: () => unknown },
    script: new Script("work()"),
  };
  const { room, script } = madeRoom;
  room.work = () => {
    const found = TreeInterpreter.search(compile(expression), value as JSONValue) ?? null;
    refuseLarge(found);
    return found;
  };
  try {
    return script.runInContext(room, { timeout: timeoutMs }) as unknown;
  } catch (error) {
    const isOver = (error as { code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    throw isOver ? new SearchTimeout("it takes too long", { cause: error }) : error;
  } finally {
    room.work = () => null; // nothing of the value is kept
  }
}

function refuseLarge(found: unknown): void {
  const left = [found];
  let size = 0;
  while (left.length > 0) {
    const one = left.pop();
    size += typeof one === "string" ? one.length : 1;
    if (size > mostResult) throw new Error("it makes more than anybody can read");
    if (typeof one !== "object" || one === null) continue;
    for (const inner of Object.values(one)) left.push(inner);
  }
}
