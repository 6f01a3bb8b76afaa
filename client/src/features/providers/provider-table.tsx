import { Button, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconHeartbeat, IconPencil, IconRoute, IconTrash } from "../../ui/icons.gen.ts";
import { useMemo } from "react";

import type { Provider, ProviderHealth, ProviderList } from "../../../../contract/features/providers.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { checkProvider, removeProvider, setEnabled } from "./provider-calls.ts";
import { modelsByTier, placeOf, statusOf, typeWords } from "./provider-words.ts";
import classes from "./providers.module.css";

interface Row {
  provider: Provider;
  health: ProviderHealth | undefined;
  fallback: string | null;
}

interface RowActions {
  enable: (provider: Provider, isEnabled: boolean) => unknown;
  edit: (id: string) => unknown;
  chain: (id: string) => unknown;
}

/** All providers, one row each; on a phone one card each. */
export function ProviderTable({ list }: { list: ProviderList }) {
  const client = useQueryClient();
  const [, setSearch] = useSearchState();
  const columns = useMemo(
    () =>
      columnsWith({
        enable: (provider, isEnabled) => setEnabled(client, provider, isEnabled),
        edit: (id) => {
          setSearch({ edit: id }, { push: true });
        },
        chain: (id) => {
          setSearch({ chain: id }, { push: true });
        },
      }),
    [client, setSearch],
  );
  const rows = list.providers.map((provider): Row => {
    const fallback = list.providers.find(({ id }) => id === provider.fallbackProvider);
    return {
      provider,
      health: list.health.find(({ id }) => id === provider.id),
      fallback: fallback?.name ?? provider.fallbackProvider,
    };
  });
  return <DataTable label="Providers" columns={columns} rows={rows} rowKey={({ provider }) => provider.id} />;
}

function columnsWith(actions: RowActions): Column<Row>[] {
  return [
    { id: "name", header: "Provider", isMain: true, cell: (row) => <Name row={row} onEdit={actions.edit} /> },
    { id: "state", header: "State", width: "210px", cell: (row) => <State health={row.health} /> },
    {
      id: "tiers",
      header: "Models",
      cell: ({ provider }) => <Models provider={provider} />,
    },
    {
      id: "fallback",
      header: "Falls back to",
      width: "150px",
      cell: ({ provider, fallback }) => (
        <Button
          variant="subtle"
          className={classes["fallback"]}
          leftSection={<IconRoute size={14} />}
          onClick={() => {
            actions.chain(provider.id);
          }}
        >
          <span className="visually-hidden">Fallbacks of {provider.name}: </span>
          {fallback ?? (Object.values(provider.tierFallbacks).some((id) => id != null) ? "by tier" : "nobody")}
        </Button>
      ),
    },
    {
      id: "on",
      header: "On",
      width: "150px",
      isUnlabelled: true,
      cell: (row) => <Controls row={row} actions={actions} />,
    },
    { id: "actions", header: "Actions", isActions: true, cell: (row) => <RowMenu row={row} actions={actions} /> },
  ];
}

function Name({ row: { provider }, onEdit }: { row: Row; onEdit: (id: string) => unknown }) {
  return (
    <span className={classes["name"]}>
      <button
        type="button"
        className={classes["link"]}
        onClick={() => {
          onEdit(provider.id);
        }}
      >
        {provider.name}
      </button>
      <span className={classes["sub"]}>
        {typeWords[provider.type]} · <span className="mono">{placeOf(provider)}</span>
      </span>
    </span>
  );
}

function State({ health }: { health: ProviderHealth | undefined }) {
  if (health === undefined) return <StatusBadge status="unknown" isCompact />;
  const { asOf, backAt, message, latencyMs, version } = health;
  return (
    <span className={classes["state"]}>
      <span className={classes["stateLine"]}>
        <StatusBadge status={statusOf(health)} isCompact />
        {asOf === null ? null : (
          <span className={classes["sub"]}>
            <Time iso={asOf} />
          </span>
        )}
      </span>
      {backAt === null ? null : (
        <span className={classes["sub"]}>
          Back <Time iso={backAt} />
        </span>
      )}
      {message === null ? (
        <span className={classes["sub"]}>
          {[latencyMs === null ? null : `${String(latencyMs)} ms`, version].filter((part) => part !== null).join(" · ")}
        </span>
      ) : (
        <span className={classes["message"]}>{message}</span>
      )}
    </span>
  );
}

function Models({ provider }: { provider: Provider }) {
  const byTier = modelsByTier(provider.models);
  if (provider.models.length === 0)
    return <span className="dim">{provider.type === "api" ? "none yet" : "its own choice"}</span>;
  if (byTier.length === 0) return <span className={classes["models"]}>{provider.models[0]?.id}</span>;
  return (
    <span className={classes["tiers"]}>
      {byTier.map(({ tier, id }) => (
        <span key={tier}>
          <span className={classes["sub"]}>{tier}</span> <span className={classes["models"]}>{id}</span>
        </span>
      ))}
    </span>
  );
}

function Controls({ row: { provider }, actions }: { row: Row; actions: RowActions }) {
  return (
    <span className={classes["controls"]}>
      <Switch
        size="sm"
        aria-label={`${provider.name} is on`}
        checked={provider.isEnabled}
        onChange={(event) => {
          void actions.enable(provider, event.currentTarget.checked);
        }}
      />
      <Button
        leftSection={<IconHeartbeat size={14} />}
        aria-label={`Check ${provider.name}`}
        onClick={() => void checkProvider(provider)}
      >
        Check
      </Button>
    </span>
  );
}

function RowMenu({ row: { provider }, actions }: { row: Row; actions: RowActions }) {
  const { id, name } = provider;
  return (
    <ActionMenu
      label={`Actions for ${name}`}
      items={[
        { id: `edit:${id}`, label: "Edit", icon: IconPencil, run: () => actions.edit(id) },
        { id: `chain:${id}`, label: "Fallbacks", icon: IconRoute, run: () => actions.chain(id) },
        {
          id: `delete:${id}`,
          label: "Delete",
          icon: IconTrash,
          isDangerous: true,
          run: () => removeProvider(provider),
        },
      ]}
    />
  );
}
