import { Button, Checkbox, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconHistory, IconSearch } from "../../ui/icons.gen.ts";
import { useState } from "react";

import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { copyText } from "../../lib/clipboard.ts";
import { formatDuration } from "../../lib/format.ts";
import { toast } from "../../lib/toasts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Time } from "../../ui/time.tsx";
import { paneOf } from "./pane-control.ts";
import { shortFolder } from "./session-text.ts";
import classes from "./sheets.module.css";
import type { Workbench } from "./terminal-page.tsx";

/** Commands typed in any terminal, by words and by folder; a tap puts one at the prompt without running it. */
export function CommandList({ work, onClose }: { work: Workbench; onClose: () => void }) {
  const [text, setText] = useState("");
  const [isHere, setIsHere] = useState(false);
  const [wanted] = useDebouncedValue(text.trim(), 200);
  const folder = work.focused?.folder;
  const query = {
    limit: 50,
    ...(wanted === "" ? {} : { text: wanted }),
    ...(isHere && folder !== undefined ? { folder } : {}),
  };
  const commands = useInfiniteQuery({
    queryKey: callKey("terminal.commandHistory", query),
    queryFn: ({ pageParam, signal }) =>
      call(
        "terminal.commandHistory",
        { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = commands.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className={classes["form"]}>
        <TextInput
          data-autofocus
          aria-label="Search typed commands"
          placeholder="Search typed commands"
          leftSection={<IconSearch size={15} />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
        {folder === undefined ? null : (
          <Checkbox
            label={`Only in ${shortFolder(folder)}`}
            checked={isHere}
            onChange={(event) => {
              setIsHere(event.currentTarget.checked);
            }}
          />
        )}
      </div>
      {commands.isPending ? <LoadingState rows={5} label="Loading typed commands" /> : null}
      {commands.error === null ? null : (
        <ErrorState
          title="Could not load the typed commands"
          error={commands.error}
          onRetry={() => void commands.refetch()}
          isCompact
        />
      )}
      {commands.data !== undefined && items.length === 0 ? (
        <EmptyState
          icon={IconHistory}
          title="No commands"
          text="Commands typed in bash, zsh or fish here are kept with their folder and outcome."
          isCompact
        />
      ) : null}
      <ul role="list" className={classes["list"]}>
        {items.map((item) => (
          <li key={`${item.at}${item.sessionId}`} className={classes["item"]}>
            <button
              type="button"
              className={classes["main"]}
              title="Put it at the prompt"
              onClick={() => {
                onClose();
                const pane = work.focused ? paneOf(work.focused.id) : undefined;
                if (pane) pane.paste(item.command);
                else void copyText(item.command).then(() => toast({ kind: "ok", text: "Copied" }));
              }}
            >
              <code className="mono truncate">{item.command}</code>
              <span className={classes["facts"]}>
                <span className="truncate">{shortFolder(item.folder)}</span>
                <span>
                  {item.exitCode === null
                    ? "not known"
                    : item.exitCode === 0
                      ? "succeeded"
                      : `failed (${String(item.exitCode)})`}
                </span>
                {item.durationMs === null ? null : <span>{formatDuration(item.durationMs)}</span>}
              </span>
            </button>
            <span className={classes["facts"]}>
              <Time iso={item.at} />
            </span>
          </li>
        ))}
      </ul>
      {commands.hasNextPage ? (
        <Button loading={commands.isFetchingNextPage} onClick={() => void commands.fetchNextPage()}>
          Show older
        </Button>
      ) : null}
    </>
  );
}
