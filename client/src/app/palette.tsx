import "./styles/mantine-rest.ts";

import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconArrowRight, IconSearch } from "../ui/icons.gen.ts";
import { useEffect, useState } from "react";

import { groupActions, searchActions, useActions, type Action } from "../lib/actions.ts";
import { readPreference, writePreference } from "../lib/preferences.ts";
import { rankActions } from "../lib/rank-actions.ts";
import { withErrorToast } from "../lib/toasts.ts";
import { KeyHint } from "../ui/key-hint.tsx";
import classes from "./palette.module.css";

const recentName = "palette.recent";
const maxShown = 60;
/** Whether the palette is open, as the library keeps it: only so Escape and a click beside it close it. */
const [store, { open, close }] = createSpotlight();

/** ⌘K: go anywhere, do anything. Lists the registered actions and whatever the registered searches find. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const actions = useActions();
  const found = useFound(query);
  const [recent] = useState(() => readPreference<string[]>(recentName, []));
  const ranked = rankActions(actions, query, recent).slice(0, maxShown);
  const groups =
    query.trim() === ""
      ? panelLast(groupActions(ranked))
      : [{ group: "Matches", actions: ranked }, ...groupActions(found)];
  const hasAny = groups.some((group) => group.actions.length > 0);
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    open();
    return () => {
      close();
      setTimeout(() => {
        giveFocusBack(opener);
      });
    };
  }, [opener]);
  const run = (action: Action): void => {
    writePreference(recentName, [action.id, ...recent.filter((id) => id !== action.id)].slice(0, 8));
    onClose();
    void withErrorToast(`Could not ${action.label.charAt(0).toLowerCase()}${action.label.slice(1)}`, async () => {
      await action.run();
    });
  };
  return (
    <Spotlight.Root
      store={store}
      centered={false}
      onSpotlightClose={onClose}
      shortcut={null}
      query={query}
      onQueryChange={setQuery}
      scrollable
      maxHeight="min(60vh, 480px)"
      size={560}
      yOffset="12vh"
      radius="md"
      transitionProps={{ duration: 80 }}
      overlayProps={{ backgroundOpacity: 0.5 }}
      attributes={{ content: { "aria-label": "Search and run" } }}
      classNames={{
        content: classes["content"] ?? "",
        search: classes["search"] ?? "",
        action: classes["action"] ?? "",
        actionsList: classes["list"] ?? "",
        actionsGroup: classes["group"] ?? "",
      }}
    >
      <Spotlight.Search
        placeholder="Where to, or what to do?"
        leftSection={<IconSearch size={18} />}
        aria-label="Search and run"
      />
      <Spotlight.ActionsList>
        {groups.map((group) =>
          group.actions.length === 0 ? null : (
            <Spotlight.ActionsGroup key={group.group} label={group.group}>
              {group.actions.map((action) => (
                <Line key={action.id} action={action} run={run} />
              ))}
            </Spotlight.ActionsGroup>
          ),
        )}
        {hasAny ? null : <Spotlight.Empty>Nothing matches “{query}”</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** To what had it before, unless what was run has taken it. */
function giveFocusBack(opener: Element | null): void {
  if (document.activeElement === document.body && opener instanceof HTMLElement && opener.isConnected) opener.focus();
}

/** What concerns the panel alone comes after what one works with. */
function panelLast<T extends { group: string }>(groups: readonly T[]): T[] {
  return groups.toSorted((a, b) => Number(a.group === "Panel") - Number(b.group === "Panel"));
}

function Line({ action, run }: { action: Action; run: (action: Action) => void }) {
  const Icon = action.icon ?? IconArrowRight;
  return (
    <Spotlight.Action
      onClick={() => {
        run(action);
      }}
    >
      <span className={classes["icon"]} data-danger={action.isDangerous === true || undefined}>
        <Icon size={16} />
      </span>
      <span className="truncate">{action.label}</span>
      {action.shortcut === undefined ? null : (
        <span className={`${classes["keys"] ?? ""} desktop-only`}>
          <KeyHint shortcut={action.shortcut} />
        </span>
      )}
    </Spotlight.Action>
  );
}

function useFound(query: string): readonly Action[] {
  const [found, setFound] = useState<readonly Action[]>([]);
  useEffect(() => {
    const text = query.trim();
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        void (text.length < 2 ? Promise.resolve([]) : searchActions(text, controller.signal)).then((actions) => {
          if (!controller.signal.aborted) setFound(actions);
        });
      },
      text.length < 2 ? 0 : 120,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [query]);
  return found;
}
