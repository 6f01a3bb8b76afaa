import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useState } from "react";

import type { ChiefDecision } from "../../../../contract/features/chief.ts";
import { call, type CallReply } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { changePages } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconListDetails, IconX } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { decisionCodes, decisionWords } from "./chief-words.ts";
import classes from "./chief.module.css";

type Page = CallReply<"chief.decisions">;
const pageSize = 15;

/** Every decision with its reason, the newest first; `?code=` and `?task=` narrow it down. */
export function DecisionLog() {
  const [search, setSearch] = useSearchState();
  const code = decisionCodes.find((one) => one === search["code"]);
  const task = search["task"];
  const log = useDecisions(code, task);
  const decisions = log.data?.pages.flatMap(({ items }) => items) ?? [];
  const isFiltered = code !== undefined || task !== undefined;
  const title = decisions.find(({ taskId }) => taskId === task)?.taskTitle ?? task;
  return (
    <Section title="Decisions">
      <Toolbar label="Filter the decisions">
        <Select
          aria-label="Kind of decision"
          placeholder="Every kind"
          clearable
          data={decisionCodes.map((value) => ({ value, label: decisionWords[value].label }))}
          value={code ?? null}
          onChange={(value) => {
            setSearch({ code: value });
          }}
        />
        {task === undefined ? null : (
          <Button
            rightSection={<IconX size={14} />}
            onClick={() => {
              setSearch({ task: null });
            }}
          >
            Only “{title}”
          </Button>
        )}
      </Toolbar>
      {log.isPending ? <LoadingState rows={4} rowHeight={52} label="Loading the decisions" /> : null}
      {log.data === undefined && log.error !== null ? (
        <ErrorState
          title="Could not load the decisions"
          error={log.error}
          onRetry={() => void log.refetch()}
          isCompact
        />
      ) : null}
      {log.data !== undefined && decisions.length === 0 ? (
        <EmptyState
          icon={IconListDetails}
          title={isFiltered ? "No decision matches" : "Nothing decided yet"}
          text={
            isFiltered
              ? "Loosen the filters above to see more."
              : "Whatever is done about a task, or why nothing is, is written down here: chosen, waiting for a slot, cooling down, out of budget."
          }
          isCompact
        />
      ) : null}
      {decisions.length === 0 ? null : (
        <DecisionList
          decisions={decisions}
          onTask={(taskId) => {
            setSearch({ task: taskId });
          }}
        />
      )}
      <Older log={log} />
    </Section>
  );
}

/** The way to decisions further back. */
export function Older({ log }: { log: ReturnType<typeof useDecisions> }) {
  if (!log.hasNextPage) return null;
  return (
    <div className={classes["more"]}>
      <Button onClick={() => void log.fetchNextPage()} loading={log.isFetchingNextPage}>
        Show older
      </Button>
    </div>
  );
}

interface DecisionListProps {
  decisions: readonly ChiefDecision[];
  /** The title of a task was pressed; without it titles are left out. */
  onTask?: (taskId: string) => void;
}

/** Decisions, one below the other, each with what it was decided from. */
export function DecisionList({ decisions, onTask }: DecisionListProps) {
  return (
    <ul role="list" className={classes["log"]}>
      {decisions.map((decision) => (
        <li key={`${decision.at} ${decision.taskId} ${decision.code} ${decision.text}`}>
          <Row
            decision={decision}
            {...(onTask === undefined
              ? {}
              : {
                  onTask: () => {
                    onTask(decision.taskId);
                  },
                })}
          />
        </li>
      ))}
    </ul>
  );
}

function Row({ decision, onTask }: { decision: ChiefDecision; onTask?: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const { label, tone } = decisionWords[decision.code];
  return (
    <article className={classes["decision"]}>
      <div className={classes["line"]}>
        <span className={classes["code"]} data-tone={tone}>
          {label}
        </span>
        {onTask === undefined ? null : (
          <button type="button" className={classes["task"]} title="Show only this task" onClick={onTask}>
            {decision.taskTitle}
          </button>
        )}
        <span className={classes["when"]}>
          <Time iso={decision.at} />
        </span>
      </div>
      <p className={classes["reason"]}>{decision.text}</p>
      {decision.detail === null ? null : (
        <>
          <button
            type="button"
            className={classes["why"]}
            aria-expanded={isOpen}
            onClick={() => {
              setIsOpen(!isOpen);
            }}
          >
            {isOpen ? "Less" : "What it was decided from"}
          </button>
          {isOpen ? <pre className={classes["detail"]}>{decision.detail}</pre> : null}
        </>
      )}
    </article>
  );
}

/** Decisions page by page, new ones on top as they are made. */
export function useDecisions(code: ChiefDecision["code"] | undefined, task: string | undefined) {
  const client = useQueryClient();
  const query = { limit: pageSize, ...(code === undefined ? {} : { code }), ...(task === undefined ? {} : { task }) };
  const key = callKey("chief.decisions", query);
  useFeed("cos", {
    onSnapshot: () => {
      void client.invalidateQueries({ queryKey: key });
    },
    onEvent: (event) => {
      if (event.kind !== "decided") return;
      const { decision } = event;
      if ((code !== undefined && decision.code !== code) || (task !== undefined && decision.taskId !== task)) return;
      changePages<InfiniteData<Page>>(client, key, (known) => {
        const [first, ...rest] = known.pages;
        if (!first) return known;
        return { ...known, pages: [{ ...first, items: [decision, ...first.items] }, ...rest] };
      });
    },
  });
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      call(
        "chief.decisions",
        { query: { ...query, ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}
