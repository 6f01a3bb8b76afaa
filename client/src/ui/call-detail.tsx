import type { ToolCall } from "../../../contract/features/run-events.ts";
import { withoutFolder } from "../../../contract/short-path.ts";
import { visibleJson } from "../../../contract/visible-text.ts";
import classes from "./call-detail.module.css";
import { DiffView } from "./diff-view.tsx";

/** What a tool call is given, as a person reads it: the command line of a command, else its arguments by name, with what nobody would see. */
export function CallInput({ call }: { call: Pick<ToolCall, "tool" | "input" | "edits"> }) {
  if (call.input === null) return null;
  const input = visibleJson(call.input);
  const value = parsed(input);
  const command = commandOf(value);
  if (command !== null) return <pre className={classes["command"]}>{command}</pre>;
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : null;
  if (entries === null) return <pre className={classes["text"]}>{input}</pre>;
  if (entries.length === 0) return null;
  return (
    <dl className={classes["values"]}>
      {entries.map(([name, one]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof one === "string" ? one : JSON.stringify(one, null, 2)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The files a tool call changes, as diffs; those in `folder` are told without it. */
export function CallEdits({ edits, folder = "" }: Pick<ToolCall, "edits"> & { folder?: string }) {
  return edits.map((edit, index) => <DiffView key={index} {...edit} path={withoutFolder(edit.path, folder)} />);
}

function parsed(input: string): unknown {
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return null; // no JSON: shown as the text it is
  }
}

function commandOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const { command, cmd } = value as Record<string, unknown>;
  const found = command ?? cmd;
  if (typeof found === "string") return found;
  return Array.isArray(found) && found.every((part) => typeof part === "string") ? found.map(quoted).join(" ") : null;
}

/** An argument as it would have to be typed, so that where it ends can be seen. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
