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
