import { approvalPlace, approvalTitle } from "../../../contract/approval-title.ts";
import type { Approval, ApprovalChange } from "../../../contract/features/approvals.ts";
import { riskText } from "../lib/approval-text.ts";
import { withoutFolder } from "../../../contract/short-path.ts";
import { parkedText } from "../lib/approval-text.ts";
import { formatClock } from "../lib/time.ts";
import { element } from "./dom.ts";

const openUpToLines = 60;

/** Exactly what is asked: what, where, why, and what happens on no. */
export function questionView({ subject, createdAt, isParked }: Approval): Node[] {
  const asked = `asked ${formatClock(createdAt)}`;
  const from = fromParts(subject, asked);
  const command = subject.kind === "agent-tool" ? subject.command : null;
  // A command stands whole below its headline.
  const headline = element("h1", command === null ? {} : { className: "short" }, approvalTitle({ subject }));
  headline.title = subject.title;
  const parts: Node[] = [
    headline,
    element("p", { className: "dim" }, from.filter((part) => part !== null).join(" · ")),
  ];
  if (command !== null) parts.push(code(command, "Command"));
  else if (subject.kind === "repair") parts.push(element("p", { className: "said" }, subject.diagnosis));
  else if (subject.kind === "connector-call" || subject.changes.length === 0) parts.push(...values(subject.input));
  if (subject.kind !== "connector-call") {
    const { changes, folder } = subject;
    parts.push(...changes.map((one) => changeView({ ...one, path: withoutFolder(one.path, folder) }, changes.length)));
    parts.push(placeView(subject));
  }
  if (isParked === true) parts.push(element("p", { className: "note", tone: "warn" }, parkedText));
  parts.push(
    element("h2", {}, "Why it asks"),
    element("p", {}, subject.why),
    element("h2", {}, "If you deny"),
    element("p", {}, subject.onDeny),
  );
  return parts;
}

function fromParts(subject: Approval["subject"], asked: string): (string | null)[] {
  switch (subject.kind) {
    case "agent-tool":
      return [subject.runTitle, subject.providerName, asked];
    case "connector-call":
      return [subject.connectorName, subject.operation, riskText(subject), asked];
    case "repair":
    default:
      return [subject.appName, subject.files === 1 ? "1 file" : `${String(subject.files)} files`, asked];
  }
}

/** Where, in a word; the whole folder is one tap away. */
function placeView(subject: Exclude<Approval["subject"], { kind: "connector-call" }>): HTMLElement {
  const where = subject.kind === "repair" ? "Merged into" : "In";
  return element(
    "details",
    { className: "place" },
    element("summary", {}, where, element("b", {}, approvalPlace({ subject }) ?? "a folder of its own")),
    element("p", { className: "path" }, subject.folder),
  );
}

function code(text: string, label: string): HTMLElement {
  const made = element("pre", { tabIndex: 0, ariaLabel: label }, text);
  made.setAttribute("role", "region");
  return made;
}

/** Arguments by name when they have names. */
function values(input: string | null): Node[] {
  if (input === null || input === "{}") return [];
  let value: unknown = null;
  try {
    value = JSON.parse(input) as unknown;
  } catch {
    value = null; // no JSON: shown as the text it is
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [code(input, "Arguments")];
  const list = element("dl");
  for (const [name, one] of Object.entries(value)) {
    const text = typeof one === "string" ? one : JSON.stringify(one, null, 2);
    list.append(element("div", {}, element("dt", {}, name), element("dd", { className: "path" }, text)));
  }
  return [list];
}

function changeView({ path, isNew, added, removed, lines, isCut }: ApprovalChange, files: number): HTMLElement {
  const body = element("pre", { tabIndex: 0, ariaLabel: `Changes of ${path}` });
  body.setAttribute("role", "region");
  for (const line of lines) {
    const sign = line[0];
    const look = sign === "+" ? "plus" : sign === "-" ? "minus" : sign === "@" ? "gap" : "";
    body.append(element("span", { className: look }, sign === "@" ? `⋯ ${line.slice(2)}` : line === "" ? " " : line));
  }
  if (isCut) body.append(element("span", { className: "gap" }, "⋯ not all of it is shown here"));
  return element(
    "details",
    { open: files <= 3 && lines.length <= openUpToLines },
    element(
      "summary",
      {},
      element("span", { className: "path" }, isNew ? `${path} (new)` : path),
      element("span", { className: "plus" }, `+${String(added)}`),
      element("span", { className: "minus" }, `−${String(removed)}`),
    ),
    body,
  );
}
