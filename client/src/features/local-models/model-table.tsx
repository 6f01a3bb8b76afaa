import { Button } from "@mantine/core";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import type { LocalModel, LocalServer } from "../../../../contract/features/local-models.ts";
import { formatBytes } from "../../lib/format.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { IconTrash } from "../../ui/icons.gen.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { LoadSheet } from "./load-sheet.tsx";
import { removeModel, unloadModel } from "./local-calls.ts";
import classes from "./local-models.module.css";

/** What is on disk, and which of it is in memory. */
export function ModelTable({ server }: { server: LocalServer }) {
  const client = useQueryClient();
  const [loading, setLoading] = useState<LocalModel | null>(null);
  const columns = useMemo(() => columnsOf(server, client, setLoading), [server, client]);
  return (
    <>
      <DataTable
        label={`Models of ${server.name}`}
        columns={columns}
        rows={server.models}
        rowKey={({ name }) => name}
      />
      <LoadSheet
        server={server}
        model={loading}
        onClose={() => {
          setLoading(null);
        }}
      />
    </>
  );
}

function columnsOf(
  server: LocalServer,
  client: QueryClient,
  onLoad: (model: LocalModel) => void,
): Column<LocalModel>[] {
  const canLoad = server.abilities.load === null;
  return [
    { id: "model", header: "Model", isMain: true, cell: (model) => <Name model={model} /> },
    { id: "state", header: "In memory", width: "230px", isInline: true, cell: (model) => <Loaded model={model} /> },
    {
      id: "size",
      header: "On disk",
      width: "90px",
      align: "right",
      isInline: true,
      cell: ({ sizeBytes }) => (
        <span className="tabular">
          {sizeBytes === null ? "–" : formatBytes(sizeBytes)}
          {sizeBytes === null ? null : <span className="phone-only"> on disk</span>}
        </span>
      ),
    },
    {
      id: "context",
      header: "Largest context",
      width: "130px",
      align: "right",
      isWideOnly: true,
      cell: ({ maxContext }) => <span className="tabular">{maxContext?.toLocaleString("en") ?? "–"}</span>,
    },
    {
      id: "load",
      header: "Load",
      width: "110px",
      align: "right",
      isUnlabelled: true,
      cell: (model) =>
        !canLoad || model.isRemote ? null : model.loaded.length > 0 ? (
          <Button aria-label={`Unload ${model.label}`} onClick={() => void unloadModel(client, server, model)}>
            Unload
          </Button>
        ) : (
          <Button
            aria-label={`Load ${model.label}`}
            onClick={() => {
              onLoad(model);
            }}
          >
            Load
          </Button>
        ),
    },
    {
      id: "actions",
      header: "Actions",
      isActions: true,
      cell: (model) =>
        server.abilities.remove === null ? (
          <ActionMenu
            label={`Actions for ${model.label}`}
            items={[
              {
                id: "delete",
                label: "Delete",
                icon: IconTrash,
                isDangerous: true,
                run: () => removeModel(client, server, model),
              },
            ]}
          />
        ) : null,
    },
  ];
}

function Name({ model }: { model: LocalModel }) {
  const { label, name, type, parameters, quantization, capabilities, isRemote } = model;
  const facts = [
    type === "embedding" ? "embedding" : null,
    parameters,
    quantization,
    ...capabilities,
    isRemote ? "runs elsewhere: what you ask leaves this machine" : null,
  ].filter((fact) => fact !== null);
  return (
    <span className={classes["name"]}>
      <span className="truncate" title={name}>
        {label}
      </span>
      <span className={classes["sub"]}>{facts.join(" · ")}</span>
    </span>
  );
}

function Loaded({ model: { loaded } }: { model: LocalModel }) {
  const [first] = loaded;
  if (first === undefined) return <span className="dim">not loaded</span>;
  const memory = first.vramBytes ?? first.sizeBytes;
  return (
    <span className={classes["loaded"]}>
      <StatusBadge status="online" isCompact />
      <span className={classes["sub"]}>
        {first.contextLength === null ? null : `${first.contextLength.toLocaleString("en")} tokens`}
        {memory === null ? null : ` · ${formatBytes(memory)}`}
        {first.expiresAt === null ? null : (
          <>
            {" · unloads "}
            <Time iso={first.expiresAt} />
          </>
        )}
      </span>
    </span>
  );
}
