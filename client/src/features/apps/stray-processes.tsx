import { IconPlus } from "../../ui/icons.gen.ts";

import type { App } from "../../../../contract/features/apps.ts";
import type { Process } from "../../../../contract/features/processes.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";

const columns: Column<Process>[] = [
  { id: "name", header: "Process", isMain: true, cell: ({ name }) => <span className="mono">{name}</span> },
  {
    id: "status",
    header: "Status",
    width: "130px",
    isInline: true,
    cell: ({ status }) => <StatusBadge status={status} isCompact />,
  },
  { id: "cwd", header: "Folder", isInline: true, cell: ({ cwd }) => <span className="mono dim">{cwd}</span> },
  {
    id: "actions",
    header: "Actions",
    isActions: true,
    cell: ({ cwd, name }) => (
      <ActionLink
        to="/apps/import"
        search={{ folder: cwd }}
        leftSection={<IconPlus size={14} />}
        aria-label={`Add ${name} as an app`}
      >
        Add as app
      </ActionLink>
    ),
  },
];

/** What runs under PM2 without being an app yet, each one step away from becoming one. */
export function StrayProcesses({ apps, processes }: { apps: readonly App[]; processes: readonly Process[] }) {
  const linked = new Set(apps.flatMap((app) => app.processes.flatMap(({ live }) => live?.key ?? [])));
  const strays = processes.filter(({ owner, key }) => owner.kind === "other" && !linked.has(key));
  if (strays.length === 0) return null;
  return (
    <Section title="Running under PM2, not an app yet" aside={<span className="dim">{strays.length}</span>}>
      <DataTable label="Processes that are no app yet" columns={columns} rows={strays} rowKey={({ key }) => key} />
    </Section>
  );
}
