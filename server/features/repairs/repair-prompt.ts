import type { IncidentDetail } from "../../../contract/internal/autofixer.ts";
import { dataRule, fence } from "../../outside-text.ts";

const maxLines = 200;
const maxLineLength = 1_000;
const maxCharacters = 60_000;

/** A crash as the agent is told about it. */
export interface Evidence {
  exit: string;
  crashes: number;
  lines: readonly string[];
  commits: readonly string[];
  /** Files that differ from the last commit and were edited since the process last ran well. */
  files: readonly string[];
}

/** What of an incident an agent needs to know; at most 200 lines, the last ones. */
export function evidenceOf(incident: IncidentDetail): Evidence {
  const { exit, crashes, lines, changes } = incident;
  return {
    exit: exit.signal === null ? `exit code ${exit.code ?? "not known"}` : `killed by ${exit.signal}`,
    crashes,
    lines: lastLines(lines),
    commits: changes?.commits ?? [],
    files: (changes?.files ?? []).filter(({ isEditedSince }) => isEditedSince).map(({ path }) => path),
  };
}

function lastLines(lines: readonly string[]): string[] {
  const cut = lines.slice(-maxLines).map((line) => line.slice(0, maxLineLength));
  let left = maxCharacters;
  const kept = cut.toReversed().filter((line) => {
    left -= line.length + 1;
    return left >= 0;
  });
  return kept.toReversed();
}

/** What the agent is told first: find the cause, change nothing. */
export function diagnosisPrompt(name: string, evidence: Evidence): string {
  const { exit, crashes, lines, commits, files } = evidence;
  const happened = [`process: ${name}`, `ended with: ${exit}`, `times: ${String(crashes)}`];
  const parts = [
    `# A program crashed: find out why`,
    `A process of the project in your working folder crashed. You work in a copy of its repository, on a branch of its own, so the running program is not touched by what you do.`,
    dataRule("your diagnosis"),
    fence("what crashed", happened),
    fence("last lines it wrote", lines.length === 0 ? ["(it wrote nothing)"] : lines),
    ...(commits.length === 0 ? [] : [fence("commits since it last ran well", commits)]),
    ...(files.length === 0 ? [] : [fence("files edited since, not committed and not in your copy", files)]),
    `## Your task now\n\nRead the code and find the cause. **Change no file yet.** Answer with a diagnosis of at most 200 words: what goes wrong, in which file and line, why it happens, and the smallest change that mends it. When the cause is not in this code (a missing service, a full disk, a wrong setting outside of it), say so and begin your answer with the words "Not in the code:".`,
  ];
  return `${parts.join("\n\n")}\n`;
}

/** What the agent is told when its diagnosis is there. */
export function repairPrompt(checks: readonly { name: string; command: string }[]): string {
  const list = checks.map(({ name, command }) => `- ${name}: ${command}`);
  const parts = [
    `# Now mend it`,
    `Make the smallest change that removes the cause you have found, in this folder only. Keep the style of the code. Add a test for it where the project has tests of that kind. Do not switch off, delete or weaken checks or tests, do not catch and hide the error, do not touch configuration of editors, agents, git or continuous integration, and do not commit.`,
    ...(list.length === 0
      ? []
      : [`These checks are run on your work afterwards; what passed before must pass then:\n\n${list.join("\n")}`]),
    `What was said about evidence still holds. At the end say in at most 100 words what you have changed and how it can be seen to work.`,
  ];
  return `${parts.join("\n\n")}\n`;
}
