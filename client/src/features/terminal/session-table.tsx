import { Button } from "@mantine/core";
import { IconTerminal2 } from "../../ui/icons.gen.ts";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { Bytes } from "../../ui/bytes.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { sessionStatus, shortFolder } from "./session-text.ts";
import classes from "./sheets.module.css";
import type { Workbench } from "./terminal-page.tsx";

interface SessionTableProps {
  sessions: readonly SessionInfo[];
  work: Workbench;
  onOpen: (id: string) => void;
}

/** Every session of the machine: what it is, how old, how large, what runs in it, who looks. */
export function SessionTable({ sessions, work, onOpen }: SessionTableProps) {
  if (sessions.length === 0)
    return (
      <EmptyState
        icon={IconTerminal2}
        title="No sessions"
        text="Shells and commands appear here while they run, and afterwards until they are closed."
        isCompact
      />
    );
  return (
    <ul role="list" className={classes["list"]}>
      {sessions.toReversed().map((session) => (
        <li key={session.id} className={classes["item"]} data-session>
          <button
            type="button"
            className={classes["main"]}
            onClick={() => {
              onOpen(session.id);
            }}
          >
            <span className={classes["line"]}>
              <StatusBadge status={sessionStatus(session)} isCompact />
              <strong className="truncate">{session.name}</strong>
            </span>
            <span className={`${classes["facts"] ?? ""} mono truncate`}>
              {session.runningCommand?.text.split("\n")[0] ??
                session.shellCommand ??
                session.command?.join(" ") ??
                shortFolder(session.folder)}
            </span>
          </button>
          <span className={classes["facts"]}>
            <span>
              started <Time iso={session.createdAt} />
            </span>
            {session.memoryBytes === null ? null : (
              <span title="Memory of its processes">
                memory <Bytes value={session.memoryBytes} />
              </span>
            )}
            <span title="Output since it was started">
              output <Bytes value={session.outputBytes} />
            </span>
            <span title="Columns and rows">
              {session.cols} × {session.rows} characters
            </span>
            <span>{session.viewers === 1 ? "1 viewer" : `${String(session.viewers)} viewers`}</span>
          </span>
          <span className={classes["buttons"]}>
            <Button
              color={session.state === "running" ? "red" : "gray"}
              variant="subtle"
              onClick={() => void work.close(session)}
            >
              {session.state === "running" || session.state === "closing" ? "End" : "Close"}
            </Button>
          </span>
        </li>
      ))}
    </ul>
  );
}
