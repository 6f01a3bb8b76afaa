import { Button } from "@mantine/core";
import { useState } from "react";

import type { Hook } from "../../../../contract/features/hooks.ts";
import { call } from "../../lib/api.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconPlus, IconWebhook } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { HookDetails } from "./hook-details.tsx";
import { HookForm } from "./hook-form.tsx";
import { hookKinds, statusOf } from "./hook-words.ts";
import classes from "./hooks.module.css";
import { useLiveHooks } from "./use-hooks.ts";

/** Webhooks in. `?edit=new` or `?edit=<id>` opens the form, `?hook=<id>` the messages of one. */
export function HooksTab({ tabs }: { tabs: readonly PageTab[] }) {
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveHooks();
  const [search, setSearch] = useSearchState();
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  const edited = data?.hooks.find(({ id }) => id === search["edit"]);
  const shown = data?.hooks.find(({ id }) => id === search["hook"]);
  const add = (
    <Button
      variant="filled"
      leftSection={<IconPlus size={14} />}
      onClick={() => {
        setSearch({ edit: "new" }, { push: true });
      }}
    >
      New webhook
    </Button>
  );
  const closeForm = (): void => {
    setSearch({ edit: null });
  };
  return (
    <Page
      title="Connectors"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
      actions={data === undefined || data.hooks.length === 0 ? undefined : add}
    >
      {isPending ? <LoadingState rows={3} rowHeight={56} label="Loading webhooks" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the webhooks" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data?.hooks.length === 0 ? (
        <EmptyState
          icon={IconWebhook}
          title="No webhooks yet"
          text="A webhook is an address at which another system tells of something: a push, a payment, a finished build. Each message is checked by its signature, kept, and can start an automation."
          action={add}
        />
      ) : null}
      {data === undefined || data.hooks.length === 0 ? null : <HookTable hooks={data.hooks} />}
      <SideSheet
        title={edited === undefined ? "New webhook" : `Edit ${edited.name}`}
        isOpen={search["edit"] === "new" || edited !== undefined}
        onClose={closeForm}
        width={520}
      >
        {search["edit"] === undefined ? null : (
          <HookForm
            key={edited?.id ?? "new"}
            hook={edited}
            onClose={closeForm}
            onSaved={(id, secret) => {
              setMade(secret === null ? null : { id, secret });
              setSearch({ edit: null, hook: edited === undefined ? id : null });
              void refetch();
            }}
          />
        )}
      </SideSheet>
      <SideSheet
        title={shown?.name ?? ""}
        isOpen={shown !== undefined}
        onClose={() => {
          setMade(null);
          setSearch({ hook: null });
        }}
        width={640}
      >
        {shown === undefined ? null : (
          <HookDetails key={shown.id} hook={shown} secret={made?.id === shown.id ? made.secret : null} />
        )}
      </SideSheet>
    </Page>
  );
}

function HookTable({ hooks }: { hooks: readonly Hook[] }) {
  const [, setSearch] = useSearchState();
  const columns = columnsOf({
    show: ({ id }) => {
      setSearch({ hook: id }, { push: true });
    },
    edit: ({ id }) => {
      setSearch({ edit: id }, { push: true });
    },
    remove: (hook) => void removeHook(hook),
  });
  return <DataTable label="Webhooks" columns={columns} rows={hooks} rowKey={({ id }) => id} />;
}

interface RowActions {
  show: (hook: Hook) => void;
  edit: (hook: Hook) => void;
  remove: (hook: Hook) => void;
}

function columnsOf(actions: RowActions): readonly Column<Hook>[] {
  return [
    { id: "name", header: "Name", isMain: true, cell: ({ name }) => name },
    { id: "kind", header: "Sender", cell: ({ kind }) => hookKinds.find(({ value }) => value === kind)?.label ?? kind },
    { id: "on", header: "State", cell: ({ isEnabled }) => (isEnabled ? "takes messages" : "off") },
    {
      id: "last",
      header: "Last message",
      cell: ({ lastDelivery: last }) =>
        last === null ? (
          <span className="dim">none yet</span>
        ) : (
          <span className={classes["line"]}>
            <StatusBadge status={statusOf(last)} isCompact title={last.message} />
            <Time iso={last.at} />
          </span>
        ),
    },
    {
      id: "actions",
      header: "Actions",
      isUnlabelled: true,
      width: "250px",
      cell: (hook) => <RowButtons hook={hook} actions={actions} />,
    },
  ];
}

function RowButtons({ hook, actions }: { hook: Hook; actions: RowActions }) {
  return (
    <div className={classes["rowActions"]}>
      <Button
        onClick={() => {
          actions.show(hook);
        }}
      >
        Messages
      </Button>
      <Button
        onClick={() => {
          actions.edit(hook);
        }}
      >
        Edit
      </Button>
      <Button
        variant="subtle"
        color="gray"
        onClick={() => {
          actions.remove(hook);
        }}
      >
        Delete
      </Button>
    </div>
  );
}

async function removeHook({ id, name }: Hook): Promise<void> {
  const isSure = await confirmDangerous({
    title: `Delete the webhook ${name}?`,
    text: "Its address and secret are gone for good; a new one has others. Messages stay until they are old.",
    confirmLabel: "Delete",
  });
  if (isSure) await withErrorToast(`${name} could not be deleted`, () => call("hooks.remove", { params: { id } }));
}
