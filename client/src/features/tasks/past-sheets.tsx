import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconHistory, IconSearch, IconTrash } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./board.module.css";
import { showTask } from "./task-calls.ts";
import { taskStatus } from "./task-words.ts";

const typingMs = 250;

interface SheetProps {
  isOpen: boolean;
  onClose: () => void;
}

/** Every task that ended, newest first. */
export function HistorySheet({ isOpen, onClose }: SheetProps) {
  return (
    <SideSheet title="Past tasks" isOpen={isOpen} onClose={onClose} width={560}>
      {isOpen ? <Past /> : null}
    </SideSheet>
  );
}

function Past() {
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), typingMs);
  const list = useInfiniteQuery({
    queryKey: callKey("tasks.history", { text }),
    queryFn: ({ pageParam, signal }) =>
      call(
        "tasks.history",
        { query: { limit: 50, ...(text === "" ? {} : { text }), ...(pageParam === "" ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const tasks = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <div className={classes["past"]}>
      <TextInput
        aria-label="Search past tasks"
        placeholder="Search"
        leftSection={<IconSearch size={14} />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
      {list.isPending ? <LoadingState rows={4} label="Loading past tasks" /> : null}
      {list.error === null ? null : (
        <ErrorState
          title="Could not load past tasks"
          error={list.error}
          onRetry={() => void list.refetch()}
          isCompact
        />
      )}
      {list.isSuccess && tasks.length === 0 ? (
        <EmptyState
          icon={IconHistory}
          title={text === "" ? "No task has ended yet" : "No task matches"}
          text={text === "" ? "Every task that ended is listed here." : "Search for fewer words to see more."}
          isCompact
        />
      ) : null}
      <ul role="list" className={classes["rows"]}>
        {tasks.map((task) => (
          <li key={task.id}>
            <Link to="/agents/tasks/$taskId" params={{ taskId: task.id }}>
              {task.title}
            </Link>
            <span className={classes["rowFacts"]}>
              <StatusBadge status={taskStatus(task.state)} isCompact />
              <Time iso={task.endedAt ?? task.updatedAt} />
            </span>
          </li>
        ))}
      </ul>
      {list.hasNextPage ? (
        <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show older
        </Button>
      ) : null}
    </div>
  );
}

/** Tasks deleted lately; each can be brought back. */
export function DeletedSheet({ isOpen, onClose }: SheetProps) {
  return (
    <SideSheet title="Deleted tasks" isOpen={isOpen} onClose={onClose} width={560}>
      {isOpen ? <Deleted /> : null}
    </SideSheet>
  );
}

function Deleted() {
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({ ...callQuery("tasks.removed"), refetchOnMount: "always" });
  if (isPending) return <LoadingState rows={4} label="Loading deleted tasks" />;
  if (data === undefined)
    return <ErrorState title="Could not load deleted tasks" error={error} onRetry={() => void refetch()} isCompact />;
  if (data.length === 0)
    return (
      <EmptyState
        icon={IconTrash}
        title="Nothing was deleted"
        text="What is deleted can be brought back here."
        isCompact
      />
    );
  return (
    <ul role="list" className={classes["rows"]}>
      {data.map(({ removedAt, task }) => (
        <li key={task.id}>
          <span className={classes["rowTitle"]}>{task.title}</span>
          <span className={classes["rowFacts"]}>
            <Time iso={removedAt} />
            <Button
              onClick={() =>
                void withErrorToast(`Could not bring ${task.title} back`, async () => {
                  showTask(client, await call("tasks.restore", { params: { id: task.id } }));
                  await refetch();
                })
              }
            >
              Bring back
            </Button>
          </span>
        </li>
      ))}
    </ul>
  );
}
