import { Button, Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Backup } from "../../../../contract/features/backups.ts";
import { call, type CallReply } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatBytes, formatCount } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./system.module.css";

type Change = CallReply<"backups.preview">["changes"][number];

const words: Record<Change["change"], string> = {
  added: "added",
  changed: "changed",
  same: "unchanged",
};

/** What a restore would change, file by file, before anything is touched. */
export function RestoreSheet({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const client = useQueryClient();
  const [isBusy, setIsBusy] = useState(false);
  const preview = useQuery({ ...callQuery("backups.preview", { params: { id: backup.id } }), staleTime: 0 });
  const changes = preview.data?.changes.filter((change) => change.change !== "same") ?? [];
  const restore = async (): Promise<void> => {
    setIsBusy(true);
    const isDone = await withErrorToast("Could not restore", async () => {
      const result = await call("backups.restore", { params: { id: backup.id } });
      await client.invalidateQueries();
      toast({
        kind: "ok",
        text: `Restored ${formatCount(result.changes.filter((change) => change.change !== "same").length, "file")}`,
        detail: "What was there before is kept as a backup of its own.",
      });
    });
    setIsBusy(false);
    if (isDone) onClose();
  };
  return (
    <SideSheet title={`Restore ${formatAbsolute(backup.createdAt)}`} isOpen onClose={onClose} width={480}>
      {preview.isPending ? <LoadingState rows={4} rowHeight={32} label="Comparing" /> : null}
      {preview.error === null ? null : (
        <ErrorState title="Could not compare" error={preview.error} onRetry={() => void preview.refetch()} isCompact />
      )}
      {preview.data === undefined ? null : (
        <>
          {preview.data.warnings.map((warning) => (
            <div key={warning} className={classes["warning"]}>
              <Notice tone="warn">{warning}</Notice>
            </div>
          ))}
          <p className={classes["intro"]}>
            {changes.length === 0
              ? "Nothing would change: the data folder is as it was."
              : `${formatCount(changes.length, "file")} would change, ${String(preview.data.changes.length - changes.length)} stay as they are. A backup of the present state is made first.`}
          </p>
          <ul role="list" className={classes["changes"]}>
            {changes.map((change) => (
              <li key={change.file} data-change={change.change}>
                <span className="mono truncate">{change.file}</span>
                <span className={classes["sizes"]}>{sizesText(change)}</span>
                <span className={classes["word"]}>{words[change.change]}</span>
              </li>
            ))}
          </ul>
          <Group justify="flex-end" gap="sm" mt="lg">
            <Button onClick={onClose}>Cancel</Button>
            <Button variant="filled" disabled={changes.length === 0} loading={isBusy} onClick={() => void restore()}>
              Restore
            </Button>
          </Group>
        </>
      )}
    </SideSheet>
  );
}

function sizesText({ sizeBefore, sizeAfter }: Change): string {
  return [sizeBefore, sizeAfter].map((size) => (size === null ? "–" : formatBytes(size))).join(" → ");
}
