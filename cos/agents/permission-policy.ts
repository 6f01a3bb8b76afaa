import { isAbsolute, relative, resolve } from "node:path";

import type { PermissionRequest, ToolCall } from "../../contract/features/run-events.ts";
import type { PermissionMode } from "../../contract/features/runs.ts";
import { isGuarded } from "../../lib/guarded-paths.ts";
import { isReading } from "./attempt.ts";

type Option = PermissionRequest["options"][number];

/** Options of a question that is asked by PortOS itself. */
export const ownOptions: Option[] = [
  { optionId: "allow", name: "Allow", kind: "allow-once" },
  { optionId: "allow-always", name: "Allow for this run", kind: "allow-always" },
  { optionId: "deny", name: "Deny", kind: "deny-once" },
];

/** Whether the permission mode allows it without asking. `given`: folder with what the run was given along, which may be read. */
export function ruleFor(
  mode: PermissionMode,
  call: Pick<ToolCall, "tool" | "edits">,
  paths: readonly string[],
  folder: string,
  given: string | null = null,
): boolean {
  if (mode === "free") return true;
  if (mode === "ask") return false;
  const touched = [...paths, ...call.edits.map(({ path }) => path)];
  const staysInside = touched.every((path) => isInside(folder, path));
  if (isReading(call))
    return touched.every((path) => isInside(folder, path) || (given !== null && isInside(given, path)));
  if (mode === "ask-writes") return false;
  // A command or a fetch may reach anything, whatever folder it starts in.
  // What shells, editors and agents run later is shown to the user first.
  return isFileChange(call) && touched.length > 0 && staysInside && !touched.some((path) => isGuarded(folder, path));
}

/** Whether a call changes files by their names. */
export function isFileChange({ tool }: Pick<ToolCall, "tool">): boolean {
  return tool === "edit" || tool === "move" || tool === "delete";
}

/** Whether a path, absolute or relative to the folder, lies in it by name; links are not followed here. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, resolve(folder, path));
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

/** The option that allows just this once; else any that allows. */
export function allowingOption(options: readonly Option[]): Option | null {
  return (
    options.find(({ kind }) => kind === "allow-once") ?? options.find(({ kind }) => kind === "allow-always") ?? null
  );
}

/** Whether choosing this option allows what was asked. */
export function isAllowing(options: readonly Option[], optionId: string | null): boolean {
  const kind = options.find((option) => option.optionId === optionId)?.kind;
  return kind === "allow-once" || kind === "allow-always";
}
