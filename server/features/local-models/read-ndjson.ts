import { AppError } from "../../../lib/app-error.ts";

/** Longest line that is waited for; progress lines have a few hundred characters. */
const maxLineCharacters = 1_048_576;

/**
 * The JSON values of a stream of lines, each as soon as its line is complete, wherever the stream is split, inside a character
 * too. Empty lines are skipped; a last line needs no newline. Throws `upstream_failed` for what is no JSON.
 */
export async function* readNdjson(stream: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineCharacters) throw new AppError("upstream_failed", "A line of the reply has no end");
    for (const line of lines) if (line.trim() !== "") yield parseLine(line);
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield parseLine(rest);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new AppError("upstream_failed", `A line of the reply is not JSON: ${line.slice(0, 100)}`, { cause: error });
  }
}
