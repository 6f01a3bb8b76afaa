import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDownload, IconMovie, IconPlayerPlay, IconTrash } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { Recording } from "../../../../contract/internal/cos.ts";
import { call, url } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatDuration } from "../../lib/format.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { Bytes } from "../../ui/bytes.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Time } from "../../ui/time.tsx";
import { ReplayPlayer } from "./replay-player.tsx";
import classes from "./sheets.module.css";

/** Recordings of terminals: replay, download, delete. */
export function Recordings() {
  const recordings = useQuery(callQuery("terminal.recordings"));
  const [played, setPlayed] = useState<string | null>(null);
  if (recordings.isPending) return <LoadingState rows={4} label="Loading the recordings" />;
  if (recordings.isError)
    return (
      <ErrorState
        title="Could not load the recordings"
        error={recordings.error}
        onRetry={() => void recordings.refetch()}
      />
    );
  if (recordings.data.length === 0)
    return (
      <EmptyState
        icon={IconMovie}
        title="No recordings"
        text="Choose Record in the menu of a terminal: everything it prints from then on can be replayed and downloaded. Secrets are removed on the way out."
        isCompact
      />
    );
  return (
    <>
      {played === null ? null : <Replay key={played} id={played} />}
      <ul role="list" className={classes["list"]}>
        {recordings.data.map((recording) => (
          <Row
            key={recording.id}
            recording={recording}
            onPlay={() => {
              setPlayed(recording.id);
            }}
            onDeleted={() => {
              if (played === recording.id) setPlayed(null);
            }}
          />
        ))}
      </ul>
    </>
  );
}

function Replay({ id }: { id: string }) {
  const cast = useQuery({ ...callQuery("terminal.recording", { params: { id } }), staleTime: Infinity });
  if (cast.isPending) return <LoadingState rows={1} rowHeight={200} label="Loading the recording" />;
  if (cast.isError) return <ErrorState title="Could not load the recording" error={cast.error} isCompact />;
  return <ReplayPlayer text={cast.data.text} />;
}

function Row({ recording, onPlay, onDeleted }: { recording: Recording; onPlay: () => void; onDeleted: () => void }) {
  const client = useQueryClient();
  const { id, name } = recording;
  const remove = async (): Promise<void> => {
    const isWanted = await confirmDangerous({
      title: `Delete the recording of ${name}?`,
      text: "It cannot be brought back.",
      confirmLabel: "Delete",
    });
    if (!isWanted) return;
    onDeleted();
    await withErrorToast("Could not delete the recording", () => call("terminal.deleteRecording", { params: { id } }));
    await client.invalidateQueries({ queryKey: callKey("terminal.recordings") });
  };
  return (
    <li className={classes["item"]}>
      <span className={classes["main"]}>
        <strong className="truncate">{name}</strong>
        <span className={classes["facts"]}>
          <Time iso={recording.startedAt} />
          <span>{recording.isActive ? "running" : formatDuration(recording.durationMs)}</span>
          <Bytes value={recording.sizeBytes} />
        </span>
      </span>
      <span className={classes["buttons"]}>
        <Button leftSection={<IconPlayerPlay size={14} />} onClick={onPlay}>
          Replay
        </Button>
        <Button
          component="a"
          href={url("terminal.downloadRecording", { params: { id } })}
          download
          leftSection={<IconDownload size={14} />}
        >
          Download
        </Button>
        <Button
          variant="subtle"
          color="red"
          aria-label={`Delete the recording of ${name}`}
          disabled={recording.isActive}
          onClick={() => void remove()}
        >
          <IconTrash size={15} />
        </Button>
      </span>
    </li>
  );
}
