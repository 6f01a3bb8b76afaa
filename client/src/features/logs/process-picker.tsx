import { Checkbox } from "@mantine/core";
import { IconFileText, IconTrash } from "../../ui/icons.gen.ts";

import type { LogSource } from "../../../../contract/features/logs.ts";
import { formatBytes } from "../../lib/format.ts";
import { statusLooks, type StatusLook } from "../../ui/status.ts";
import classes from "./process-picker.module.css";

interface ProcessPickerProps {
  sources: readonly LogSource[];
  selected: readonly string[];
  onChange(selected: string[]): void;
}

/** The processes that have logs. The name shows one alone, the box adds it to the others. */
export function ProcessPicker({ sources, selected, onChange }: ProcessPickerProps) {
  const groups = [
    { label: "Apps", sources: sources.filter((source) => groupOf(source) === "apps") },
    { label: "PortOS", sources: sources.filter((source) => groupOf(source) === "portos") },
    { label: "Your own PM2", sources: sources.filter((source) => groupOf(source) === "user") },
    { label: "Deleted apps", sources: sources.filter((source) => groupOf(source) === "deleted") },
  ];
  return (
    <nav className={classes["picker"]} aria-label="Processes">
      {groups.map((group) =>
        group.sources.length === 0 ? null : (
          <section key={group.label} aria-label={group.label}>
            <h2 className={classes["heading"]}>{group.label}</h2>
            <ul role="list" className={classes["list"]}>
              {group.sources.map((source) => (
                <Entry key={source.id} source={source} selected={selected} onChange={onChange} />
              ))}
            </ul>
          </section>
        ),
      )}
    </nav>
  );
}

function groupOf({ home, namespace, kind }: LogSource): "apps" | "portos" | "user" | "deleted" {
  if (home === "user") return "user";
  if (kind === "deleted") return "deleted";
  return namespace === "portos" ? "portos" : "apps";
}

const kindLooks = {
  file: { word: "log file", tone: "neutral", icon: IconFileText },
  deleted: { word: "deleted app", tone: "neutral", icon: IconTrash },
} as const satisfies Record<string, StatusLook>;

function Entry({ source, selected, onChange }: { source: LogSource } & Omit<ProcessPickerProps, "sources">) {
  const isSelected = selected.includes(source.id);
  const look: StatusLook = source.kind === "process" ? statusLooks[source.status] : kindLooks[source.kind];
  const { icon: Icon } = look;
  return (
    <li className={classes["entry"]} data-selected={isSelected || undefined}>
      <Checkbox
        size="xs"
        className={classes["box"] ?? ""}
        checked={isSelected}
        aria-label={`Show ${source.name} beside the others`}
        onChange={() => {
          onChange(isSelected ? selected.filter((id) => id !== source.id) : [...selected, source.id]);
        }}
      />
      <button
        type="button"
        className={classes["name"]}
        aria-current={isSelected}
        onClick={() => {
          onChange([source.id]);
        }}
      >
        <span className={classes["status"]} data-tone={look.tone} title={look.word}>
          <Icon size={source.status === "online" ? 8 : 12} />
          <span className="visually-hidden">{look.word}</span>
        </span>
        <span className="truncate">{source.name}</span>
        <span className={classes["size"]}>{formatBytes(source.totalBytes)}</span>
      </button>
    </li>
  );
}
