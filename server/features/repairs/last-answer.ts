import { createTranscript } from "../../../contract/run-transcript.ts";
import { redact } from "../../../lib/redact.ts";
import type { RepairParts } from "./repair-parts.ts";

const pageSize = 2_000;
const maxCharacters = 8_000;
/** A shorter text at the end is a closing word; what counts stands before it. */
const closingWord = 60;

/** What the agent said last in a run, from an event on, secrets taken out; "" when it said nothing. */
export async function lastAnswer(
  runs: Pick<RepairParts["runs"], "events">,
  runId: string,
  from: number,
): Promise<string> {
  const transcript = createTranscript();
  let after = 0;
  for (;;) {
    const { events, last } = await runs.events(runId, { after, limit: pageSize });
    transcript.add(events);
    after = events.at(-1)?.number ?? last;
    if (events.length === 0 || after >= last) break;
  }
  const said = transcript.blocks.flatMap((block) =>
    block.kind === "text" && Number(block.key.slice(1)) > from ? [block.text.trim()] : [],
  );
  const end = said.at(-1) ?? "";
  const whole = end.length < closingWord && said.length > 1 ? `${said.at(-2) ?? ""}\n\n${end}` : end;
  return redact(whole).slice(0, maxCharacters);
}
