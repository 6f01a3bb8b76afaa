import { Button, Textarea, TextInput } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { call } from "../../lib/api.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { CommandList } from "./command-list.tsx";
import { paneOf } from "./pane-control.ts";
import { SessionTable } from "./session-table.tsx";
import classes from "./sheets.module.css";
import type { Workbench } from "./terminal-page.tsx";

const Recordings = lazy(() => import("./recordings.tsx").then((module) => ({ default: module.Recordings })));

interface SheetHostProps {
  sessions: readonly SessionInfo[];
  work: Workbench;
  onSelect: (session: string) => void;
}

const titles = {
  sessions: "Sessions",
  commands: "Typed commands",
  recordings: "Recordings",
  rename: "Rename",
  paste: "Paste",
} as const;
type SheetName = keyof typeof titles;

/** The sheet the address asks for (`?sheet=`). */
export function SheetHost({ sessions, work, onSelect }: SheetHostProps) {
  const [search] = useSearchState();
  const name = search["sheet"];
  const shown = name !== undefined && name in titles ? (name as SheetName) : null;
  const close = (): void => {
    work.showSheet(null);
  };
  return (
    <SideSheet
      title={shown === null ? "" : titles[shown]}
      isOpen={shown !== null}
      onClose={close}
      width={shown === "recordings" ? 860 : 620}
    >
      <Suspense fallback={<LoadingState rows={4} />}>
        {shown === "sessions" ? (
          <SessionTable
            sessions={sessions}
            work={work}
            onOpen={(id) => {
              close();
              onSelect(id);
            }}
          />
        ) : null}
        {shown === "commands" ? <CommandList work={work} onClose={close} /> : null}
        {shown === "recordings" ? <Recordings /> : null}
        {shown === "rename" && work.focused ? <Rename session={work.focused} onClose={close} /> : null}
        {shown === "paste" && work.focused ? <PasteField session={work.focused.id} onClose={close} /> : null}
      </Suspense>
    </SideSheet>
  );
}

function Rename({ session, onClose }: { session: SessionInfo; onClose: () => void }) {
  const [name, setName] = useState(session.name);
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void withErrorToast("Could not rename the terminal", () =>
          call("terminal.update", { params: { id: session.id }, body: { name } }),
        ).then((isDone) => {
          if (isDone) onClose();
        });
      }}
    >
      <TextInput
        label="Name"
        data-autofocus
        maxLength={100}
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value);
        }}
      />
      <Button type="submit" variant="filled" disabled={name.trim() === ""}>
        Rename
      </Button>
    </form>
  );
}

/** Without https a page may not read the clipboard; a field may always be pasted into. */
function PasteField({ session, onClose }: { session: string; onClose: () => void }) {
  const [text, setText] = useState("");
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        onClose();
        paneOf(session)?.paste(text);
      }}
    >
      <Textarea
        label="Text for the terminal"
        description="This browser does not let the page read the clipboard here. Paste into this field instead."
        data-autofocus
        autosize
        minRows={4}
        maxRows={14}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      <Button type="submit" variant="filled" disabled={text === ""}>
        Paste into the terminal
      </Button>
    </form>
  );
}
