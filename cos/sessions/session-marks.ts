import { createEscapeScanner } from "./escape-scanner.ts";

export interface MarkEvents {
  onTitle(title: string): void;
  onFolder(folder: string): void;
  /** A command begins; `text` is empty when the shell does not say which. */
  onCommandStart(text: string): void;
  onCommandEnd(exitCode: number | null): void;
  onBell(): void;
}

const maxTitleLength = 200;
const maxCommandLength = 8192;

/**
 * Reads what a program reports in its output: the bell, title (OSC 0, 2), folder (OSC 7) and commands (OSC 133). Commands count only
 * with the nonce of the session. Source: the semantic prompt proposal of FinalTerm, `cmdline_url` as in kitty.
 */
export function createMarkReader(nonce: string, events: MarkEvents): { scan(bytes: Uint8Array): void } {
  return createEscapeScanner(
    (_kind, body) => {
      const separator = body.indexOf(";");
      const code = separator < 0 ? body : body.slice(0, separator);
      const rest = separator < 0 ? "" : body.slice(separator + 1);
      if (code === "0" || code === "2") events.onTitle(plainText(rest, maxTitleLength));
      else if (code === "7") readFolder(rest, events);
      else if (code === "133") readCommand(rest, nonce, events);
    },
    {
      isOscOnly: true,
      maxOscBytes: 32_768,
      onBell: () => {
        events.onBell();
      },
    },
  );
}

function readFolder(address: string, events: MarkEvents): void {
  const path = /^file:\/\/[^/]*(\/.*)$/s.exec(address)?.[1];
  if (path === undefined) return;
  const folder = decode(path);
  if (folder !== null && folder.length <= 4096 && plainText(folder, 4096) === folder) events.onFolder(folder);
}

function readCommand(rest: string, nonce: string, events: MarkEvents): void {
  const [kind, ...parts] = rest.split(";");
  if (!parts.includes(`nonce=${nonce}`)) return;
  if (kind === "C") {
    const encoded = parts.find((part) => part.startsWith("cmdline_url="))?.slice("cmdline_url=".length) ?? "";
    events.onCommandStart(commandText(decode(encoded) ?? ""));
  } else if (kind === "D") {
    const code = Number(parts[0]);
    events.onCommandEnd(Number.isInteger(code) ? code : null);
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // not percent-encoded as promised
  }
}

function commandText(text: string): string {
  return withoutControls(text.slice(0, maxCommandLength), "\n\t").trim();
}

/** Text from a program without anything a terminal or a page could take for more than text. */
export function plainText(text: string, maxLength: number): string {
  return withoutControls(text, "").slice(0, maxLength);
}

function withoutControls(text: string, allowed: string): string {
  let result = "";
  for (const character of text) if (allowed.includes(character) || !isControl(character)) result += character;
  return result;
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  const isDirection = (code >= 0x20_2a && code <= 0x20_2e) || (code >= 0x20_66 && code <= 0x20_69);
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || isDirection;
}
