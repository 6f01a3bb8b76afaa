/** Whether pasted text could run something by itself, so that it is worth asking first. */
export function needsPasteQuestion(text: string): boolean {
  return /[\r\n]/.test(text.replace(/[\r\n]+$/, "")) || text.length > 5000;
}

/** The first lines of a text, for a question. */
export function pastePreview(text: string): string {
  const lines = text.split(/\r\n|\r|\n/);
  const shown = lines.slice(0, 6).map((line) => (line.length > 100 ? `${line.slice(0, 100)}…` : line));
  const more = lines.length - shown.length;
  return `${shown.join("\n")}${more > 0 ? `\n… and ${String(more)} more lines` : ""}`;
}

const replyPattern =
  // eslint-disable-next-line no-control-regex -- answers of a terminal are control sequences
  /^(?:\x1b\[[?>=]?[\d;]*[cnR]|\x1b\[\?[\d;]+\$y|\x1b[P\]][^\x07\x1b]*(?:\x07|\x1b\\))+$/;

/** Whether text is what a terminal answers by itself; while old output is replayed such answers must not be sent. */
export function isTerminalReply(text: string): boolean {
  return text.startsWith("\x1b") && replyPattern.test(text);
}

/** Text a program wants on the clipboard (OSC 52), or `null` when it asks to read it or sends what is no text. */
export function clipboardRequest(payload: string): string | null {
  const encoded = payload.slice(payload.indexOf(";") + 1);
  if (encoded === "?" || encoded === "" || encoded.length > 1_000_000) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null; // not base64, or not text
  }
}
