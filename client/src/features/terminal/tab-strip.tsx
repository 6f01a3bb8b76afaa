import { ActionIcon } from "@mantine/core";
import { IconBell, IconList, IconPlus, IconSearch, IconX } from "../../ui/icons.gen.ts";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { sessionsOf, type Layout } from "./layout.ts";
import { tabLabel } from "./session-text.ts";
import classes from "./tab-strip.module.css";
import type { Workbench } from "./terminal-page.tsx";
import { terminalMenu } from "./terminal-menu.ts";
import type { useTerminalSettings } from "./terminal-settings.ts";

interface TabStripProps {
  layout: Layout;
  sessions: ReadonlyMap<string, SessionInfo>;
  current: string | null;
  belled: ReadonlySet<string>;
  focused: SessionInfo | undefined;
  settings: ReturnType<typeof useTerminalSettings>;
  work: Workbench;
  onSelect: (session: string) => void;
  onSearch: () => void;
}

/** Tabs of this device, and what can be done with the terminal that has the focus. */
export function TabStrip({
  layout,
  sessions,
  current,
  belled,
  focused,
  settings,
  work,
  onSelect,
  onSearch,
}: TabStripProps) {
  return (
    <div className={classes["strip"]}>
      <div className={classes["tabs"]} role="group" aria-label="Terminals">
        {layout.map((tab) => {
          const shown = sessionsOf(tab.root);
          const session = sessions.get(tab.focused) ?? sessions.get(shown[0] ?? "");
          if (session === undefined) return null;
          const isCurrent = tab.id === current;
          const others = shown.length - 1;
          return (
            <div
              key={tab.id}
              className={classes["tab"]}
              data-current={isCurrent || undefined}
              data-over={session.state !== "running" || undefined}
            >
              <button
                type="button"
                aria-current={isCurrent || undefined}
                className={classes["name"]}
                title={`${tabLabel(session)} in ${session.folder}`}
                onClick={() => {
                  onSelect(tab.focused);
                }}
              >
                {shown.some((id) => belled.has(id)) ? <IconBell size={13} aria-label="The bell rang" /> : null}
                <span className="truncate">{tabLabel(session)}</span>
                {others > 0 ? <span className={classes["more"]}>+{others}</span> : null}
              </button>
              <ActionIcon
                size={24}
                className={classes["close"] ?? ""}
                aria-label={`Close ${session.name}`}
                onClick={() => void work.close(session)}
              >
                <IconX size={13} />
              </ActionIcon>
            </div>
          );
        })}
      </div>
      <div className={classes["actions"]}>
        <ActionIcon aria-label="New terminal" onClick={() => void work.open({})}>
          <IconPlus size={17} />
        </ActionIcon>
        <ActionIcon className="desktop-only" aria-label="Find in this terminal" disabled={!focused} onClick={onSearch}>
          <IconSearch size={16} />
        </ActionIcon>
        <ActionIcon
          aria-label="All sessions"
          onClick={() => {
            work.showSheet("sessions");
          }}
        >
          <IconList size={17} />
        </ActionIcon>
        <ActionMenu
          label={focused ? `Actions for ${focused.name}` : "Terminal actions"}
          items={terminalMenu(focused, settings, work, onSearch)}
        />
      </div>
    </div>
  );
}
