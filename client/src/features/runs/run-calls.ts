import type { Run } from "../../../../contract/features/runs.ts";
import { call, url } from "../../lib/api.ts";
import { copyText } from "../../lib/clipboard.ts";
import { errorToast, toast, undoToast, withErrorToast } from "../../lib/toasts.ts";

/** Stops a run and what it started. */
export function stopRun({ id, title }: Run): Promise<boolean> {
  return withErrorToast(`Could not stop ${title}`, () => call("runs.stop", { params: { id } }));
}

/** Goes on with an interrupted run. */
export function resumeRun({ id, title }: Run): Promise<boolean> {
  return withErrorToast(`Could not resume ${title}`, () => call("runs.resume", { params: { id } }));
}

/** Gives the same prompt once more; `open` shows the new run, which can then be compared with the earlier one. */
export function runAgain({ id, title }: Run, open: (id: string, earlier: string) => unknown): Promise<boolean> {
  return withErrorToast(`Could not run ${title} again`, async () => {
    const run = await call("runs.again", { params: { id } });
    await open(run.id, id);
  });
}

/** Says something to a run that can go on. */
export function sayToRun({ id, title }: Run, text: string): Promise<boolean> {
  return withErrorToast(`${title} could not be told`, () => call("runs.say", { params: { id }, body: { text } }));
}

/** Deletes at once and offers to take it back. */
export function removeRun({ id, title }: Run): Promise<boolean> {
  return withErrorToast(`Could not delete ${title}`, async () => {
    await call("runs.remove", { params: { id } });
    undoToast(`Deleted ${title}`, () => call("runs.restore", { params: { id } }));
  });
}

/** Address of the transcript as a file. */
export function transcriptUrl(id: string): string {
  return url("runs.download", { params: { id } });
}

/** Copies the whole transcript, also what is not on the screen. */
export async function copyTranscript(id: string): Promise<void> {
  try {
    const response = await fetch(transcriptUrl(id));
    if (!response.ok) throw new Error(`The server answered ${String(response.status)}`);
    const isCopied = await copyText(await response.text());
    if (isCopied) toast({ kind: "ok", text: "Copied the transcript" });
    else toast({ kind: "warn", text: "This browser does not let pages copy. Download it instead." });
  } catch (error) {
    errorToast("Could not copy the transcript", error);
  }
}
