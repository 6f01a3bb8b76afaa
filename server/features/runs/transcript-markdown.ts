import type { ToolCall } from "../../../contract/features/run-events.ts";
import type { Run } from "../../../contract/features/runs.ts";
import { speakerWords, type Transcript, type TranscriptBlock } from "../../../contract/run-transcript.ts";

/** A run as a Markdown document that reads like its page: who was asked, what was said, done and changed. */
export function transcriptMarkdown(run: Run, transcript: Transcript): string {
  const parts = [`# ${oneLine(run.title)}`, facts(run), ...transcript.blocks.map(blockMarkdown)];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function facts(run: Run): string {
  const { usage } = run;
  const lines: [string, string | null][] = [
    ["State", run.state],
    ["Asked for", run.createdAt],
    ["Ended", run.endedAt],
    ["Folder", run.folder],
    ["App", run.appId],
    ["Prompt", run.prompt === null ? null : `${run.prompt.id}, version ${run.prompt.version}`],
    ["Tokens", `${usage.inputTokens} in, ${usage.outputTokens} out`],
    ["Cost", usage.costUsd === null ? null : `$${usage.costUsd.toFixed(4)}`],
    ["Message", run.message],
  ];
  return lines.flatMap(([name, value]) => (value === null ? [] : [`- ${name}: ${oneLine(value)}`])).join("\n");
}

function blockMarkdown(block: TranscriptBlock): string {
  switch (block.kind) {
    case "user":
      return `## ${speakerWords[block.speaker]}\n\n${block.text.trimEnd()}`;
    case "text":
      return block.text.trimEnd();
    case "reasoning":
      return details("Reasoning", quote(block.text));
    case "output":
      return fenced(block.text, block.stream === "err" ? "text (errors)" : "text");
    case "plan":
      return ["**Plan**", "", ...block.entries.map(({ text, state }) => `- [${marks[state]}] ${oneLine(text)}`)].join(
        "\n",
      );
    case "tool":
      return toolMarkdown(block.call, block.isUnfinished ? "not finished" : block.call.state);
    case "question": {
      const { answer, request } = block;
      const outcome =
        answer === null
          ? "not answered"
          : `${answer.isAllowed ? "allowed" : "denied"} by ${answer.by}${answer.reason === null ? "" : `: ${answer.reason}`}`;
      return `> Asked in \`${request.folder}\`: ${oneLine(request.call.title)} — ${oneLine(outcome)}`;
    }
    case "notice":
      return quote(`${block.level}: ${block.text}`);
    case "attempt": {
      const model = block.model === null ? "" : ` · ${block.model}`;
      const end = block.end?.message ? `\n\n> ${oneLine(block.end.message)}` : "";
      return `## ${oneLine(block.providerName)}${model}\n\n_${oneLine(block.reason)}_${end}`;
    }
    case "state":
      break;
  }
  return `> ${block.at}: ${block.state}${block.message === null ? "" : ` – ${oneLine(block.message)}`}`;
}

const marks = { pending: " ", running: "~", succeeded: "x" };

function toolMarkdown(call: ToolCall, outcome: string): string {
  const parts = [
    ...(call.input === null ? [] : [fenced(call.input, "json")]),
    ...call.edits.map(
      ({ path, after, isCut }) => `${isCut ? "Part of" : "New text of"} \`${path}\`:\n\n${fenced(after, "")}`,
    ),
    ...(call.output === null ? [] : [fenced(call.output, "text")]),
  ];
  return details(`${oneLine(call.title)} (${outcome})`, parts.join("\n\n"));
}

function details(summary: string, content: string): string {
  const title = `**${summary}**`;
  return content === "" ? title : `${title}\n\n${content}`;
}

function quote(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** A fence longer than any row of backticks inside, so that the text cannot end it. */
function fenced(text: string, language: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 0);
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
