import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconPlus, IconTerminal2 } from "../../ui/icons.gen.ts";
import { useEffect, useMemo, useRef, useState } from "react";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { call } from "../../lib/api.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { errorToast, undoToast, withErrorToast } from "../../lib/toasts.ts";
import { usePreference } from "../../lib/use-preference.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { KeyBar } from "./key-bar.tsx";
import { addTab, pruneLayout, removeSession, sessionsOf, setRatio, splitPane, tabOf, type Layout } from "./layout.ts";
import { PaneTree } from "./pane-tree.tsx";
import { SearchBar } from "./search-bar.tsx";
import { SheetHost } from "./sheets.tsx";
import { TabStrip } from "./tab-strip.tsx";
import { TerminalPane } from "./terminal-pane.tsx";
import classes from "./terminal-page.module.css";
import { useTerminalSettings } from "./terminal-settings.ts";
import { useBells } from "./use-bells.ts";
import { putSession, useSessions } from "./use-sessions.ts";
import { useViewportHeight } from "./use-viewport-height.ts";

const undoMs = 6000;
const parents = [] as const;

/** Shells of the machine in tabs and splits; the same ones from every device. */
export function TerminalPage() {
  const sessions = useSessions();
  const [search] = useSearchState();
  const root = useRef<HTMLDivElement>(null);
  const height = useViewportHeight(root);
  return (
    <Page title="Terminal" layout="full" parents={parents} isTitleHidden>
      <div ref={root} className={classes["page"]} style={height === null ? undefined : { height }}>
        {sessions.isPending ? <LoadingState rows={3} label="Loading the terminals" /> : null}
        {sessions.data === undefined && sessions.error !== null ? (
          <ErrorState
            title="Could not load the terminals"
            error={sessions.error}
            onRetry={() => void sessions.refetch()}
          />
        ) : null}
        {sessions.data === undefined ? null : (
          <>
            {sessions.data.isUp && !sessions.isError ? null : (
              <p className={classes["down"]} role="status">
                {sessions.data.isUp
                  ? "PortOS cannot be reached, so terminals are as they were last seen; they go on running."
                  : "portos-cos cannot be reached, so terminals are as they were last seen. It is looked for all the time; the System page can restart it."}{" "}
                <AgeNote updatedAt={sessions.dataUpdatedAt} isStale />
              </p>
            )}
            <Workspace
              sessions={sessions.data.sessions}
              folder={search["cwd"] ?? search["folder"]}
              wanted={search["session"]}
            />
          </>
        )}
      </div>
    </Page>
  );
}

interface WorkspaceProps {
  sessions: readonly SessionInfo[];
  /** Folder the address asks to open a shell in. */
  folder: string | undefined;
  /** Session the address asks for. */
  wanted: string | undefined;
}

function Workspace({ sessions, folder, wanted }: WorkspaceProps) {
  const work = useWorkspace(sessions, folder, wanted);
  const { current, focused, layout, byId, settings } = work;
  const [isSearching, setIsSearching] = useState(false);
  const belled = useBells(
    layout.flatMap((tab) => sessionsOf(tab.root).flatMap((id) => byId.get(id) ?? [])),
    {
      seen: focused?.id,
      bell: settings.settings.bell,
    },
  );
  const select = work.focus;
  return (
    <>
      <TabStrip
        layout={layout}
        sessions={byId}
        current={current?.id ?? null}
        belled={belled}
        focused={focused}
        settings={settings}
        work={work}
        onSelect={select}
        onSearch={() => {
          setIsSearching(true);
        }}
      />
      {isSearching && focused ? (
        <SearchBar
          key={focused.id}
          session={focused.id}
          onClose={() => {
            setIsSearching(false);
          }}
        />
      ) : null}
      <div className={classes["tabs"]}>
        {current === undefined ? (
          <div className={classes["nothing"]}>
            <Nothing onOpen={() => void work.open({})} />
          </div>
        ) : (
          <PaneTree
            key={current.id}
            node={current.root}
            onRatio={(path, ratio) => {
              work.changeRatio(current.id, path, ratio);
            }}
            render={(id) => {
              const session = byId.get(id);
              return session === undefined ? null : (
                <TerminalPane
                  key={id}
                  session={session}
                  settings={settings}
                  isFocused={id === focused?.id}
                  onFocus={() => {
                    if (id !== focused?.id) select(id);
                  }}
                  onClose={() => void work.close(session)}
                  onAgain={() => void work.open({ cwd: session.folder, instead: session })}
                  onKeep={() => void call("terminal.keep", { params: { id }, body: {} })}
                />
              );
            }}
          />
        )}
      </div>
      {focused ? (
        <div className="phone-only">
          <KeyBar session={focused.id} />
        </div>
      ) : null}
      <SheetHost sessions={sessions} work={work} onSelect={select} />
    </>
  );
}

function Nothing({ onOpen }: { onOpen: () => void }) {
  return (
    <EmptyState
      icon={IconTerminal2}
      title="No terminal open"
      text="A terminal here keeps running when you close this page, restart the panel or change to another device."
      action={
        <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={onOpen}>
          Open a terminal
        </Button>
      }
    />
  );
}

export interface OpenOptions {
  cwd?: string | undefined;
  shellCommand?: string | undefined;
  /** Split this session's pane instead of adding a tab. */
  beside?: { session: string; direction: "row" | "column" };
  /** Take the place of an ended session. */
  instead?: SessionInfo;
}

/** What the parts of the page can do with sessions and their places. */
export type Workbench = ReturnType<typeof useWorkspace>;

/** Sessions a device shows by itself: the user's own shells that run. */
function isShownByItself({ kind, state, owner }: SessionInfo): boolean {
  return (
    kind === "shell" && owner.kind === "user" && (state === "running" || state === "closing" || state === "interrupted")
  );
}

function useWorkspace(sessions: readonly SessionInfo[], folder: string | undefined, wanted: string | undefined) {
  const client = useQueryClient();
  const settings = useTerminalSettings();
  const [, setSearch] = useSearchState();
  const [stored, store] = usePreference<unknown>("terminal.layout", null);
  const byId = useMemo(() => new Map(sessions.map((session) => [session.id, session])), [sessions]);
  const layout = useMemo(() => {
    const known = pruneLayout(stored, new Set(byId.keys()));
    const shown = stored === null ? sessions.filter(isShownByItself).map(({ id }) => id) : [];
    const asked = wanted !== undefined && byId.has(wanted) ? [wanted] : [];
    return [...shown, ...asked].reduce<Layout>(addTab, known);
  }, [stored, byId, sessions, wanted]);
  const current = (wanted === undefined ? undefined : tabOf(layout, wanted)) ?? layout[0];
  const focusedId =
    wanted !== undefined && current && sessionsOf(current.root).includes(wanted) ? wanted : current?.focused;
  const focused = focusedId === undefined ? undefined : byId.get(focusedId);
  const pending = useRef<string | null>(null);

  const focus = (id: string): void => {
    store(layout.map((tab) => (sessionsOf(tab.root).includes(id) ? { ...tab, focused: id } : tab)));
    setSearch({ session: id, cwd: null, folder: null });
  };

  async function open({ cwd, shellCommand, beside, instead }: OpenOptions): Promise<void> {
    try {
      const body = { ...(cwd === undefined ? {} : { cwd }), ...(shellCommand === undefined ? {} : { shellCommand }) };
      const session = await call("terminal.create", { body });
      const { id } = session;
      putSession(client, session);
      const placed = beside ? splitPane(layout, beside.session, id, beside.direction) : addTab(layout, id);
      store(instead ? removeSession(placed, instead.id) : placed);
      setSearch({ session: id, cwd: null, folder: null, sheet: null });
      if (instead) await call("terminal.close", { params: { id: instead.id } });
    } catch (error) {
      errorToast("Could not open a terminal", error);
      setSearch({ cwd: null, folder: null });
    }
  }

  useEffect(() => {
    if (folder === undefined || pending.current === folder) return;
    pending.current = folder;
    void open({ cwd: folder }).finally(() => {
      pending.current = null;
    });
  });

  async function close(session: SessionInfo): Promise<void> {
    const { id, name, state } = session;
    if (state === "ended" || state === "interrupted") {
      store(removeSession(layout, id));
      await withErrorToast(`Could not close ${name}`, () => call("terminal.close", { params: { id } }));
      return;
    }
    const isDone = await withErrorToast(`Could not end ${name}`, () =>
      call("terminal.kill", { params: { id }, body: { undoMs } }),
    );
    if (isDone) undoToast(`Ending ${name}`, () => call("terminal.keep", { params: { id }, body: {} }), undoMs);
  }

  return {
    settings,
    byId,
    layout,
    current,
    focused,
    focus,
    open,
    close,
    /** Takes a session off this device's tabs; it goes on running. */
    hide: (id: string) => {
      store(removeSession(layout, id));
      setSearch({ session: null });
    },
    changeRatio: (tabId: string, path: string, ratio: number) => {
      store(layout.map((tab) => (tab.id === tabId ? { ...tab, root: setRatio(tab.root, path, ratio) } : tab)));
    },
    showSheet: (sheet: string | null) => {
      setSearch({ sheet });
    },
  };
}
