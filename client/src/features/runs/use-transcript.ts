import { useMemo, useSyncExternalStore } from "react";

import { runStream, type StreamStatus } from "./run-stream.ts";
import { transcriptRows, type TranscriptRow } from "./transcript-rows.ts";

/** The transcript of a run as rows, live while the component is there. */
export function useTranscript(id: string): { rows: readonly TranscriptRow[]; status: StreamStatus; error: unknown } {
  const stream = useMemo(() => runStream(id), [id]);
  const { version, status, error } = useSyncExternalStore(stream.subscribe, stream.getState);
  // The transcript changes in place; its version says when.
  const rows = useMemo(() => (version < 0 ? [] : transcriptRows(stream.transcript.blocks)), [stream, version]);
  return { rows, status, error };
}
