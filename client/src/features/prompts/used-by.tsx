import { useQuery } from "@tanstack/react-query";

import type { PromptUse } from "../../../../contract/features/prompts.ts";
import { callQuery } from "../../lib/call-query.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { Link } from "@tanstack/react-router";

const columns: Column<PromptUse>[] = [
  {
    id: "name",
    header: "Where",
    isMain: true,
    cell: ({ name, link }) => (
      <Link to={link} className="truncate">
        {name}
      </Link>
    ),
  },
  { id: "kind", header: "Kind", width: "110px", isInline: true, cell: ({ kind }) => kind },
  {
    id: "version",
    header: "Version",
    width: "80px",
    isInline: true,
    cell: ({ kind, version }) => (version !== null ? `v${String(version)}` : kind === "prompt" ? "–" : "newest"),
  },
  {
    id: "at",
    header: "When",
    width: "130px",
    isInline: true,
    cell: ({ at }) => (at === null ? "–" : <Time iso={at} />),
  },
];

/** Who includes the prompt, tasks and automations that are made from it, and the latest runs that were given it. */
export function UsedBy({ id }: { id: string }) {
  const { data } = useQuery(callQuery("prompts.uses", { params: { id } }));
  if (data === undefined || (data.uses.length === 0 && data.unknown.length === 0)) return null;
  return (
    <Section title="Used by">
      {data.uses.length === 0 ? null : (
        <DataTable label="Used by" columns={columns} rows={data.uses} rowKey={({ link }) => link} />
      )}
      {data.unknown.length === 0 ? null : <p className="dim">Not known just now: {data.unknown.join(", ")}.</p>}
    </Section>
  );
}
