import { Button, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { PushDevice, PushEvent, PushPreferences } from "../../../../contract/features/push.ts";
import { call } from "../../lib/api.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Time } from "../../ui/time.tsx";
import { turnOff } from "./push-device.ts";
import { TestMessage } from "./test-message.tsx";
import classes from "./push.module.css";

interface DeviceCardProps {
  device: PushDevice;
  isOwn?: boolean;
  onChange: () => Promise<void>;
}

const events: readonly { id: PushEvent; label: string; text: string }[] = [
  { id: "approval", label: "Questions", text: "An agent waits for your answer. Also in quiet hours." },
  { id: "crash", label: "Crashes", text: "An app or a part of PortOS crashed. Also in quiet hours." },
  { id: "run-failed", label: "Failed runs", text: "A run failed or was interrupted." },
  { id: "run-finished", label: "Finished runs", text: "A run is done." },
];

function preferencesOf({ name, events: wanted, showsDetails, quietHours }: PushDevice): PushPreferences {
  return { name, events: wanted, showsDetails, quietHours };
}

/** What one device is told; each switch is saved as it is moved. */
export function DeviceCard({ device, isOwn = false, onChange }: DeviceCardProps) {
  const { id, name, service, lastShownAt } = device;
  const save = useMutation({
    mutationFn: (patch: Partial<PushPreferences>) =>
      call("push.update", { params: { id }, body: { ...preferencesOf(device), ...patch } }),
    onSettled: onChange,
  });
  const remove = async (): Promise<void> => {
    const isSure =
      isOwn ||
      (await confirmDangerous({
        title: `Turn off messages on ${name}?`,
        text: "They can only be turned on again on that device.",
        confirmLabel: "Turn off",
      }));
    if (!isSure) return;
    await withErrorToast("Messages could not be turned off", () => turnOff(id));
    await onChange();
  };
  return (
    <article className={classes["device"]} aria-label={name}>
      <div className={classes["head"]}>
        <div className={classes["names"]}>
          <Name name={name} onSave={(next) => save.mutate({ name: next })} />
          <p className={classes["text"]}>
            through {service}
            {lastShownAt === null ? (
              ", nothing shown yet"
            ) : (
              <>
                , last shown <Time iso={lastShownAt} />
              </>
            )}
          </p>
        </div>
        <Button variant="subtle" color="gray" onClick={() => void remove()}>
          Turn off
        </Button>
      </div>
      <Switches device={device} save={(patch) => save.mutate(patch)} />
      <FormError error={save.error} />
      <TestMessage device={device} onChange={onChange} />
    </article>
  );
}

function Name({ name, onSave }: { name: string; onSave: (name: string) => void }) {
  const [text, setText] = useState(name);
  const done = (): void => {
    if (text.trim() === "") setText(name);
    else if (text.trim() !== name) onSave(text.trim());
  };
  return (
    <TextInput
      aria-label="Name of the device"
      maxLength={60}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
      }}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
      }}
    />
  );
}

function Switches({ device, save }: { device: PushDevice; save: (patch: Partial<PushPreferences>) => void }) {
  const { events: wanted, showsDetails, quietHours } = device;
  return (
    <ul role="list" className={classes["switches"]}>
      {events.map(({ id, label, text }) => (
        <li key={id}>
          <Switch
            label={label}
            description={text}
            checked={wanted.includes(id)}
            onChange={(event) => {
              const others = wanted.filter((one) => one !== id);
              save({ events: event.currentTarget.checked ? [...others, id] : others });
            }}
          />
        </li>
      ))}
      <li>
        <Switch
          label="Say what it is about"
          description="Off: the lock screen says only that something waits."
          checked={showsDetails}
          onChange={(event) => {
            save({ showsDetails: event.currentTarget.checked });
          }}
        />
      </li>
      <li>
        <Switch
          label="Quiet hours"
          description={quietHours === null ? "Nothing but questions and crashes at night." : `In ${quietHours.zone}.`}
          checked={quietHours !== null}
          onChange={(event) => {
            const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
            save({ quietHours: event.currentTarget.checked ? { from: "22:00", to: "07:00", zone: timeZone } : null });
          }}
        />
        {quietHours === null ? null : (
          <div className={classes["hours"]}>
            {(["from", "to"] as const).map((end) => (
              <TextInput
                key={`${end}${quietHours[end]}`}
                type="time"
                aria-label={end === "from" ? "Quiet from" : "Quiet until"}
                defaultValue={quietHours[end]}
                onBlur={(event) => {
                  const time = event.currentTarget.value;
                  if (time !== "" && time !== quietHours[end]) save({ quietHours: { ...quietHours, [end]: time } });
                }}
              />
            ))}
          </div>
        )}
      </li>
    </ul>
  );
}
