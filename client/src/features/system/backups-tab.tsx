import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconArchive, IconDownload, IconRestore, IconTrash } from "../../ui/icons.gen.ts";
import { useMemo, useState } from "react";

import type { Backup } from "../../../../contract/features/backups.ts";
import { call, url } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { Bytes } from "../../ui/bytes.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Time } from "../../ui/time.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { RestoreSheet } from "./restore-sheet.tsx";

const reasons: Record<Backup["reason"], string> = {
  manual: "by hand",
  daily: "daily",
  "before-restore": "before a restore",
};

interface Handlers {
  restore: (backup: Backup) => void;
  remove: (backup: Backup) => Promise<void>;
}

function columnsWith({ restore, remove }: Handlers): Column<Backup>[] {
  return [
    { id: "when", header: "Made", isMain: true, cell: (backup) => <Time iso={backup.createdAt} /> },
    {
      id: "reason",
      isInline: true,
      header: "Why",
      cell: (backup) => <span className="dim">{reasons[backup.reason]}</span>,
    },
    {
      id: "files",
      isWideOnly: true,
      header: "Files",
      align: "right",
      width: "90px",
      cell: (backup) => backup.fileCount,
    },
    {
      id: "size",
      isInline: true,
      header: "Size",
      align: "right",
      width: "110px",
      cell: (backup) => <Bytes value={backup.sizeBytes} />,
    },
    {
      id: "actions",
      header: "Actions",
      isActions: true,
      cell: (backup) => (
        <ActionMenu
          label={`Actions for the backup of ${formatAbsolute(backup.createdAt)}`}
          items={[
            {
              id: "restore",
              label: "Restore…",
              icon: IconRestore,
              run: () => {
                restore(backup);
              },
            },
            {
              id: "download",
              label: "Download",
              icon: IconDownload,
              href: url("backups.download", { params: { id: backup.id } }),
            },
            { id: "delete", label: "Delete…", icon: IconTrash, isDangerous: true, run: () => remove(backup) },
          ]}
        />
      ),
    },
  ];
}

/** Backups of the data folder: make one, look at what a restore would change, go back. */
export function BackupsTab() {
  const client = useQueryClient();
  const [search, setSearch] = useSearchState();
  const { data, error, isPending, dataUpdatedAt, refetch } = useQuery(
    callQuery("backups.list", undefined, { isKept: true }),
  );
  const [isBusy, setIsBusy] = useState(false);
  const columns = useMemo(() => {
    const remove = async (backup: Backup): Promise<void> => {
      const isConfirmed = await confirmDangerous({
        title: "Delete this backup?",
        text: `The backup of ${formatAbsolute(backup.createdAt)} will be gone for good.`,
        confirmLabel: "Delete",
        cancelLabel: "Keep it",
      });
      if (!isConfirmed) return;
      await withErrorToast("Could not delete the backup", () => call("backups.remove", { params: { id: backup.id } }));
      await client.invalidateQueries({ queryKey: callKey("backups.list") });
    };
    return columnsWith({
      remove,
      restore: (backup) => {
        setSearch({ restore: backup.id }, { push: true });
      },
    });
  }, [client, setSearch]);
  const backUp = async (): Promise<void> => {
    setIsBusy(true);
    await withErrorToast("Could not back up", async () => {
      const backup = await call("backups.create");
      await client.invalidateQueries({ queryKey: callKey("backups.list") });
      toast({ kind: "ok", text: `Backed up ${formatCount(backup.fileCount, "file")}` });
    });
    setIsBusy(false);
  };
  const button = (
    <Button variant="filled" loading={isBusy} leftSection={<IconArchive size={15} />} onClick={() => void backUp()}>
      Back up now
    </Button>
  );
  const selected = data?.find((backup) => backup.id === search["restore"]);
  return (
    <>
      <Toolbar label="Backups" aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}>
        {data !== undefined && data.length > 0 ? button : null}
      </Toolbar>
      {isPending ? <LoadingState rows={4} rowHeight={40} label="Loading backups" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the backups" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data?.length === 0 ? (
        <EmptyState
          icon={IconArchive}
          title="No backups yet"
          text="A backup is one file with everything in the data folder. The key that opens sealed secrets is not in it: keep that apart."
          action={button}
        />
      ) : null}
      {data === undefined || data.length === 0 ? null : (
        <DataTable label="Backups" columns={columns} rows={data} rowKey={(backup) => backup.id} />
      )}
      {selected === undefined ? null : (
        <RestoreSheet
          backup={selected}
          onClose={() => {
            setSearch({ restore: null });
          }}
        />
      )}
    </>
  );
}
