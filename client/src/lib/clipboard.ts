/** Copies text; on plain http, where browsers hide the clipboard, through a selection. Tells whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  // Absent outside https and localhost, whatever the types say.
  const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
  try {
    if (clipboard !== undefined) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    return copyBySelection(text); // permission refused: the old way may still be allowed
  }
  return copyBySelection(text);
}

function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.style.position = "fixed";
  field.style.opacity = "0";
  const focused = document.activeElement;
  // Inside an open dialog only its own content may take the focus.
  (document.querySelector("[role=dialog]") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}

/** An id unique to this page; `crypto.randomUUID` is missing on plain http. */
export function localId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
