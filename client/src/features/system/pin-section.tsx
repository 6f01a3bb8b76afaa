import { Button, NumberInput, Switch } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { AccessState } from "../../../../contract/features/access.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { CodeText } from "../../ui/code-text.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconLock } from "../../ui/icons.gen.ts";
import { PinField } from "../../ui/pin-field.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./access.module.css";
import system from "./system.module.css";
import type { AccessCalls } from "./use-access.ts";

type PinProps = { state: AccessState } & Pick<AccessCalls, "setPin" | "removePin" | "setMinutes" | "lock">;
type Form = "none" | "set" | "change" | "remove";

/** The PIN: whether it is asked for, for how long it holds, and closing this browser again. */
export function PinSection({ state, ...calls }: PinProps) {
  const [form, setForm] = useState<Form>("none");
  const { isSet, openUntil } = state.pin;
  const close = (): void => {
    setForm("none");
  };
  return (
    <Section title="PIN" isCard>
      <div className={system["field"]}>
        <div>
          <p className={system["fieldLabel"]}>Ask for a PIN</p>
          <p className={system["fieldText"]}>
            Before terminals, before changing what holds secrets or runs commands, and before deleting.
          </p>
        </div>
        <div className={system["control"]}>
          <Switch
            aria-label="Ask for a PIN"
            checked={isSet || form === "set"}
            onChange={() => {
              setForm(form !== "none" ? "none" : isSet ? "remove" : "set");
            }}
          />
        </div>
      </div>
      {form === "none" ? null : <PinForm key={form} kind={form} onDone={close} {...calls} />}
      {isSet ? (
        <>
          <Minutes key={state.pin.minutes} minutes={state.pin.minutes} setMinutes={calls.setMinutes} />
          <div className={classes["state"]}>
            <p>
              {openUntil === null ? (
                "This browser has to enter it."
              ) : (
                <>
                  This browser needs no PIN; it is asked for again <Time iso={openUntil} />.
                </>
              )}
            </p>
            {openUntil === null ? null : (
              <Button leftSection={<IconLock size={14} />} onClick={() => void lockNow(calls.lock)}>
                Lock now
              </Button>
            )}
            {form === "none" ? (
              <Button
                onClick={() => {
                  setForm("change");
                }}
              >
                Change the PIN
              </Button>
            ) : null}
          </div>
        </>
      ) : null}
      <p className={system["note"]}>
        Forgotten? On the machine itself run <CodeText>npm run access -- --reset-pin</CodeText>. A restart of
        portos-server asks for it again, too.
      </p>
    </Section>
  );
}

async function lockNow(lock: () => Promise<unknown>): Promise<void> {
  if (await withErrorToast("Could not lock", lock)) toast({ kind: "ok", text: "Locked: the PIN is asked for again" });
}

interface PinFormProps extends Pick<AccessCalls, "setPin" | "removePin"> {
  kind: Exclude<Form, "none">;
  onDone: () => void;
}

const labels = { set: "Set the PIN", change: "Change the PIN", remove: "Switch the PIN off" };
const told = { set: "The PIN is set", change: "The PIN is changed", remove: "The PIN is off" };

function PinForm({ kind, onDone, setPin, removePin }: PinFormProps) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const save = useMutation({
    mutationFn: () => (kind === "remove" ? removePin(current) : setPin(next, kind === "set" ? null : current)),
    onSuccess: () => {
      toast({ kind: "ok", text: told[kind] });
      onDone();
    },
    onError: () => {
      setCurrent("");
    },
  });
  const isNew = kind !== "remove";
  const isOther = again !== "" && !next.startsWith(again);
  const isReady = (kind === "set" || current !== "") && (!isNew || (next.length >= 6 && next === again));
  return (
    <form
      className={classes["pin"]}
      aria-label={labels[kind]}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) save.mutate();
      }}
    >
      {kind === "set" ? null : <PinField label="PIN so far" value={current} onChange={setCurrent} />}
      {isNew ? (
        <>
          <PinField label="New PIN, 6 to 12 digits" value={next} onChange={setNext} />
          <PinField
            label="New PIN again"
            value={again}
            onChange={setAgain}
            error={isOther ? "This is not the same" : undefined}
          />
        </>
      ) : null}
      <FormError error={save.error} />
      <div className={classes["buttons"]}>
        <Button type="submit" variant="filled" disabled={!isReady} loading={save.isPending}>
          {labels[kind]}
        </Button>
        <Button variant="subtle" color="gray" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

function Minutes({ minutes, setMinutes }: { minutes: number } & Pick<AccessCalls, "setMinutes">) {
  const [value, setValue] = useState(minutes);
  const save = (): void => {
    if (value === minutes) return;
    void withErrorToast("Could not change how long a PIN holds", () => setMinutes(value)).then((isDone) => {
      if (!isDone) setValue(minutes);
    });
  };
  return (
    <form
      className={system["field"]}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div>
        <p className={system["fieldLabel"]}>A PIN holds for</p>
        <p className={system["fieldText"]}>Counted from when it was entered, in that browser only.</p>
      </div>
      <div className={system["control"]}>
        <NumberInput
          aria-label="A PIN holds for"
          min={1}
          max={480}
          clampBehavior="strict"
          suffix=" min"
          allowDecimal={false}
          value={value}
          onBlur={save}
          onChange={(entered) => {
            if (typeof entered === "number") setValue(entered);
          }}
        />
      </div>
    </form>
  );
}
