import { Button } from "@mantine/core";
import { useMemo, useState } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { formatCount } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { usePreference } from "../../lib/use-preference.ts";
import { DiffView } from "../../ui/diff-view.tsx";
import { IconFileDiff } from "../../ui/icons.gen.ts";
import { type ChangedFile, changedFiles } from "./changed-files.ts";
import classes from "./run-page.module.css";
import { useTranscript } from "./use-transcript.ts";

/** What a run has changed so far, and whether it stands beside the transcript. */
export interface RunChanges {
  readonly files: readonly ChangedFile[];
  readonly isShown: boolean;
  toggle(): void;
}

/**
 * Kept in the address (`?changes=`), else as chosen last in this browser. Nobody having chosen, it is there when a run
 * that has ended is opened: nothing moves while one is watched.
 */
export function useRunChanges({ id, folder, state }: Run): RunChanges {
  const { rows } = useTranscript(id);
  const files = useMemo(
    () =>
      changedFiles(
        rows.map(({ block }) => block),
        folder,
      ),
    [rows, folder],
  );
  const [search, setSearch] = useSearchState();
  const [chosen, choose] = usePreference<boolean | null>("runs.areChangesShown", null);
  const isOpen = isOpenState(state);
  const [wasOpen] = useState(isOpen);
  const isWanted = search["changes"] === undefined ? (chosen ?? !wasOpen) : search["changes"] === "1";
  const isShown = isWanted && (files.length > 0 || (isOpen && search["changes"] === "1"));
  return {
    files,
    isShown,
    toggle: () => {
      choose(!isShown);
      setSearch({ changes: isShown ? "0" : "1" });
    },
  };
}

/** At the desk only: a phone has no room beside the transcript, where each change stands, too. */
export function ChangesToggle({ files, isShown, toggle }: RunChanges) {
  if (files.length === 0 && !isShown) return null;
  return (
    <Button
      className={classes["changesToggle"] ?? ""}
      variant={isShown ? "light" : "default"}
      leftSection={<IconFileDiff size={14} />}
      aria-pressed={isShown}
      title="Changed files beside the transcript"
      onClick={toggle}
    >
      {formatCount(files.length, "file")}
    </Button>
  );
}

/** The files a run has changed, beside its transcript and growing with it. */
export function ChangesPane({ files }: { files: readonly ChangedFile[] }) {
  return (
    <aside className={classes["changes"]} aria-label="Changed files">
      <h2 className={classes["changesHead"]}>
        Changed files <span className="dim tabular">{files.length}</span>
      </h2>
      {files.length === 0 ? <p className="dim">No file is changed yet.</p> : null}
      {files.flatMap(({ path, edits }) =>
        edits.map((edit, index) => <DiffView key={`${path} ${String(index)}`} {...edit} />),
      )}
    </aside>
  );
}
