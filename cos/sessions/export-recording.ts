import { redact } from "../../lib/redact.ts";

type CastEvent = [number, string, string];

/**
 * A recording as it may leave the machine: secrets removed, also those that were typed key by key and so lie in several
 * events. Events of a line that holds a secret become one. Lines that are no events are dropped.
 */
export function exportRecording(text: string): string {
  const [header = "", ...lines] = text.split("\n");
  const result = [redact(header)];
  let group: CastEvent[] = [];
  let joined = "";

  function endGroup(): void {
    const [first] = group;
    if (!first) return;
    const clean = redact(joined);
    const single = group.map(([at, kind, data]): CastEvent => [at, kind, redact(data)]);
    const isWhole = single.map(([, , data]) => data).join("") === clean;
    for (const event of isWhole ? single : [[first[0], "o", clean]]) result.push(JSON.stringify(event));
    group = [];
    joined = "";
  }

  for (const line of lines) {
    const event = parseEvent(line);
    if (!event) continue;
    if (event[1] !== "o") {
      endGroup();
      result.push(JSON.stringify(event));
      continue;
    }
    group.push(event);
    joined += event[2];
    const isInKey = joined.lastIndexOf("-----BEGIN ") > joined.lastIndexOf("-----END ");
    if (event[2].includes("\n") && (!isInKey || joined.length > 100_000)) endGroup();
  }
  endGroup();
  return `${result.join("\n")}\n`;
}

function parseEvent(line: string): CastEvent | null {
  if (line === "") return null;
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value)) return null;
    const [at, kind, data] = value as unknown[];
    return typeof at === "number" && typeof kind === "string" && typeof data === "string" ? [at, kind, data] : null;
  } catch {
    return null; // cut off by a crash
  }
}
