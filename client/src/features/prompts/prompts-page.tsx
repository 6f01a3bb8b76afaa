import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";

import type { PromptList, PromptSummary } from "../../../../contract/features/prompts.ts";
import { actionRegistry } from "../../lib/actions.ts";
import { url } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useLivePrompts } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconDownload, IconPlus, IconTemplate, IconTrash } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { ImportButton } from "./import-button.tsx";
import { NewPromptSheet } from "./new-prompt-sheet.tsx";
import { removePrompt, takeExample } from "./prompt-calls.ts";
import classes from "./prompts.module.css";

/** Texts given to agents again and again. `?new=1` opens the sheet for another one. */
export function PromptsPage() {
  const { data, error, isPending, refetch, dataUpdatedAt } = useLivePrompts();
  const [search, setSearch] = useSearchState();
  const navigate = useNavigate();
  const open = (promptId: string): unknown => navigate({ to: "/prompts/$promptId", params: { promptId } });
  const add = (): void => {
    setSearch({ new: "1" }, { push: true });
  };
  usePageActions();
  const isEmpty = data !== undefined && data.prompts.length === 0 && data.problems.length === 0;
  return (
    <Page
      title="Prompts"
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
      actions={
        data === undefined || isEmpty ? undefined : (
          <>
            <ImportButton />
            <Button component="a" href={url("prompts.bundle", { query: {} })} leftSection={<IconDownload size={14} />}>
              Export all
            </Button>
            <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={add}>
              New prompt
            </Button>
          </>
        )
      }
    >
      {isPending ? <LoadingState rows={5} rowHeight={56} label="Loading the prompts" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the prompts" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined || isEmpty ? null : (
        <div className={classes["parts"]}>
          <Problems list={data} />
          <DataTable label="Prompts" columns={columns} rows={data.prompts} rowKey={({ id }) => id} />
        </div>
      )}
      {isEmpty ? <NoPrompts onAdd={add} onOpen={open} /> : null}
      <NewPromptSheet
        isOpen={search["new"] !== undefined}
        onClose={() => {
          setSearch({ new: null });
        }}
        onCreated={open}
      />
    </Page>
  );
}

const columns: Column<PromptSummary>[] = [
  {
    id: "title",
    header: "Prompt",
    isMain: true,
    cell: ({ id, title, description }) => (
      <span className={classes["name"]}>
        <Link to="/prompts/$promptId" params={{ promptId: id }} className="truncate">
          {title}
        </Link>
        {description === "" ? null : <span className={classes["sub"]}>{description}</span>}
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    width: "220px",
    cell: ({ problem, issues }) => {
      const message = problem ?? issues[0]?.message;
      return message === undefined ? (
        <span className="dim">ready</span>
      ) : (
        <span className={classes["bad"]}>{message}</span>
      );
    },
  },
  {
    id: "variables",
    header: "Variables",
    width: "200px",
    isWideOnly: true,
    cell: ({ variables }) => <span className="mono dim">{variables.map(({ name }) => name).join(", ") || "–"}</span>,
  },
  { id: "version", header: "Version", width: "80px", isInline: true, cell: ({ version }) => `v${String(version)}` },
  {
    id: "updated",
    header: "Changed",
    width: "130px",
    isInline: true,
    cell: ({ updatedAt }) => <Time iso={updatedAt} />,
  },
  { id: "actions", header: "Actions", isActions: true, cell: (prompt) => <RowMenu prompt={prompt} /> },
];

function RowMenu({ prompt }: { prompt: PromptSummary }) {
  const { id, title } = prompt;
  return (
    <ActionMenu
      label={`Actions for ${title}`}
      items={[
        { id: "export", label: "Export", icon: IconDownload, href: url("prompts.download", { params: { id } }) },
        { id: "delete", label: "Delete", icon: IconTrash, isDangerous: true, run: () => removePrompt(prompt) },
      ]}
    />
  );
}

function NoPrompts({ onAdd, onOpen }: { onAdd: () => void; onOpen: (id: string) => unknown }) {
  const { data } = useQuery(callQuery("prompts.examples"));
  return (
    <EmptyState
      icon={IconTemplate}
      title="No prompts yet"
      text="A prompt is a text for an agent with places for what changes. It is a Markdown file in data/prompts, every save is a version, and each run remembers which one it was given."
      action={
        <>
          <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={onAdd}>
            New prompt
          </Button>
          <ImportButton />
        </>
      }
      example={
        <span className={classes["examples"]}>
          <span className="dim">Ready-made:</span>
          {(data ?? []).map((example) => (
            <Button key={example.id} onClick={() => void takeExample(example, onOpen)}>
              {example.input.title}
            </Button>
          ))}
        </span>
      }
    />
  );
}

function Problems({ list }: { list: PromptList }) {
  if (list.problems.length === 0) return null;
  return (
    <Notice tone="warn">
      <p>
        {list.problems.length === 1 ? "One file" : `${String(list.problems.length)} files`} in <code>data/prompts</code>{" "}
        cannot be read and {list.problems.length === 1 ? "is" : "are"} left alone.
      </p>
      <ul className={classes["issues"]}>
        {list.problems.map(({ file, message }) => (
          <li key={file}>
            <span className="mono">{file}</span>: {message}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function usePageActions(): void {
  const [, setSearch] = useSearchState();
  useEffect(
    () =>
      actionRegistry.register([
        {
          id: "prompts.new",
          label: "New prompt",
          group: "Prompts",
          icon: IconPlus,
          keywords: ["template"],
          run: () => {
            setSearch({ new: "1" }, { push: true });
          },
        },
      ]),
    [setSearch],
  );
}
