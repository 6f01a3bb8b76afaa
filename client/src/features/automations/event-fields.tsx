import { CheckIcon, MultiSelect, TextInput } from "@mantine/core";

import type { EventKind, EventName } from "../../../../contract/features/events.ts";
import { formatRelative } from "../../lib/time.ts";
import type { Schedule } from "./automation-draft.ts";
import classes from "./automations.module.css";
import { type EventField, fieldsOfEvents, useEventKinds, withCondition } from "./event-kinds.ts";
import { EventList } from "./event-list.tsx";
import type { FieldsProps } from "./schedule-fields.tsx";

const shownSample = 30;

/** Which events start it, and of which of them. */
export function EventFields({ schedule, errors, onChange }: FieldsProps<Extract<Schedule, { kind: "event" }>>) {
  const { events, filter } = schedule;
  const kinds = useEventKinds() ?? [];
  const fields = fieldsOfEvents(kinds, events).filter(isWorthAsking);
  return (
    <>
      <MultiSelect
        label="Events"
        description="It runs each time one of them happens, as soon as it is turned on."
        placeholder={events.length === 0 ? "Pick one or more" : ""}
        searchable
        nothingFoundMessage="No such event"
        data={groupsOf(kinds)}
        classNames={{ inputField: classes["pillField"] ?? "" }}
        renderOption={({ option, checked }) => (
          <span className={classes["eventHead"]}>
            <span>
              {option.label}
              {checked ? <CheckIcon size={11} className={classes["eventCheck"]} aria-hidden /> : null}
            </span>
            <span className="dim">{seenText(kinds, option.value)}</span>
          </span>
        )}
        value={[...events]}
        error={errors["schedule.events"]}
        onChange={(names) => {
          onChange({ ...schedule, events: names as EventName[] });
        }}
      />
      {events.length === 0 ? null : <EventList names={events} />}
      <TextInput
        label="Only when (optional)"
        description="JMESPath over name, at and data of the event; empty takes every one."
        inputWrapperOrder={["label", "input", "description", "error"]}
        classNames={{ input: "mono" }}
        placeholder="data.appId == 'shop'"
        spellCheck={false}
        maxLength={1_000}
        value={filter ?? ""}
        error={errors["schedule.filter"]}
        onChange={(event) => {
          const text = event.currentTarget.value;
          onChange({ ...schedule, filter: text === "" ? null : text });
        }}
      />
      {fields.length === 0 ? null : (
        <div className={classes["chips"]} role="group" aria-label="Conditions to add">
          {fields.map(({ name, label, description, sample }) => (
            <button
              key={name}
              type="button"
              className={classes["chip"]}
              title={description}
              onClick={() => {
                onChange({ ...schedule, filter: withCondition(filter, name, sample) });
              }}
            >
              {label} is {sampleText(sample)}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

/** Not what is another one each time. */
function isWorthAsking({ name, isOutside }: EventField): boolean {
  if (name === "link" || (isOutside && name !== "event")) return false;
  return !name.endsWith("Id") || name === "appId" || name === "connectorId";
}

/** By what they are about. */
function groupsOf(kinds: readonly EventKind[]) {
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const { name, title } of kinds) {
    const [about = ""] = name.split(".");
    const group = `${about.charAt(0).toUpperCase()}${about.slice(1)}`;
    groups.set(group, [...(groups.get(group) ?? []), { value: name, label: title }]);
  }
  return [...groups].map(([group, items]) => ({ group, items }));
}

function seenText(kinds: readonly EventKind[], event: string): string {
  const last = kinds.find(({ name }) => name === event)?.last ?? null;
  return last === null ? "not seen lately" : `last ${formatRelative(last.at, Date.now())}`;
}

function sampleText(sample: unknown): string {
  const text = typeof sample === "string" ? sample : JSON.stringify(sample);
  return text.length > shownSample ? `${text.slice(0, shownSample - 1)}…` : text;
}
