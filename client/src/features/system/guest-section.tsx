import { Button, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { AccessState, GuestList } from "../../../../contract/features/access.ts";
import { undoToast } from "../../lib/toasts.ts";
import { CodeText } from "../../ui/code-text.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconDevices, IconUser, IconX } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./access.module.css";
import system from "./system.module.css";
import type { AccessCalls } from "./use-access.ts";

type Kind = "logins" | "nodes";

/** Who may come in besides this machine. */
export function GuestSection({ state, saveGuests }: { state: AccessState } & Pick<AccessCalls, "saveGuests">) {
  const { guests } = state;
  const save = useMutation({ mutationFn: saveGuests });
  const add = (kind: Kind, name: string): void => {
    const entry = name.trim().toLowerCase();
    if (entry !== "" && !guests[kind].includes(entry)) save.mutate({ ...guests, [kind]: [...guests[kind], entry] });
  };
  const remove = (kind: Kind, name: string): void => {
    save.mutate(
      { ...guests, [kind]: guests[kind].filter((other) => other !== name) },
      {
        onSuccess: () => {
          undoToast(`Took ${name} off the list`, () => saveGuests(guests));
        },
      },
    );
  };
  return (
    <Section title="Who may come in" isCard>
      <Warnings state={state} />
      <div className={system["field"]}>
        <div>
          <p className={system["fieldLabel"]}>Only people and devices on the list</p>
          <p className={system["fieldText"]}>
            Off: every device of your tailnet. This machine itself always gets in, so you cannot lock yourself out for
            good.
          </p>
        </div>
        <div className={system["control"]}>
          <Switch
            aria-label="Only people and devices on the list"
            checked={guests.isOn}
            disabled={save.isPending}
            onChange={(event) => {
              save.mutate({ ...guests, isOn: event.currentTarget.checked });
            }}
          />
        </div>
      </div>
      <Entries guests={guests} remove={remove} isBusy={save.isPending} />
      <AddEntry add={add} isBusy={save.isPending} />
      <FormError error={save.error} />
      <Seen state={state} add={add} isBusy={save.isPending} />
    </Section>
  );
}

function Warnings({ state: { guests, naming, isLost, isUserspace } }: { state: AccessState }) {
  if (isLost)
    return (
      <Notice tone="bad">
        <CodeText>data/access.json</CodeText> was damaged and there is no good copy. Until you save the list again, only
        this machine gets in.
      </Notice>
    );
  if (!guests.isOn) return null;
  if (naming !== "ready")
    return (
      <Notice tone="warn">
        Tailscale {naming === "absent" ? "is not installed here" : "does not answer"}, so nobody can be looked up in the
        list: only this machine gets in until it does.
      </Notice>
    );
  if (isUserspace)
    return (
      <Notice tone="warn">
        Tailscale runs without a network interface here. Devices are recognised by the connections Tailscale makes for
        them; addresses opened with <CodeText>tailscale serve</CodeText> are refused.
      </Notice>
    );
  if (guests.logins.length + guests.nodes.length === 0)
    return <Notice tone="info">The list is empty: only this machine gets in.</Notice>;
  return null;
}

interface EntriesProps {
  guests: GuestList;
  remove: (kind: Kind, name: string) => void;
  isBusy: boolean;
}

function Entries({ guests, remove, isBusy }: EntriesProps) {
  const entries = [
    ...guests.logins.map((name) => ({ kind: "logins" as const, name })),
    ...guests.nodes.map((name) => ({ kind: "nodes" as const, name })),
  ];
  if (entries.length === 0) return null;
  return (
    <ul role="list" className={classes["list"]} aria-label="On the list">
      {entries.map(({ kind, name }) => (
        <li key={kind + name}>
          {kind === "logins" ? <IconUser size={16} /> : <IconDevices size={16} />}
          <span className={classes["name"]}>
            <span className={classes["entry"]}>{name}</span>
            <span className={classes["about"]}>
              {kind === "logins" ? "Person: all of their devices, except tagged ones" : "Device"}
            </span>
          </span>
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconX size={14} />}
            disabled={isBusy}
            aria-label={`Remove ${name} from the list`}
            onClick={() => {
              remove(kind, name);
            }}
          >
            Remove
          </Button>
        </li>
      ))}
    </ul>
  );
}

function AddEntry({ add, isBusy }: { add: (kind: Kind, name: string) => void; isBusy: boolean }) {
  const [text, setText] = useState("");
  return (
    <form
      className={classes["add"]}
      onSubmit={(event) => {
        event.preventDefault();
        add(text.includes("@") ? "logins" : "nodes", text);
        setText("");
      }}
    >
      <TextInput
        aria-label="Person or device to add"
        placeholder="ada@example.org, or the name of a device"
        autoCapitalize="off"
        spellCheck={false}
        maxLength={253}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      <Button type="submit" disabled={text.trim() === "" || isBusy}>
        Add
      </Button>
    </form>
  );
}

interface SeenProps {
  state: AccessState;
  add: (kind: Kind, name: string) => void;
  isBusy: boolean;
}

/** Who came from elsewhere and is not on the list yet, to be picked instead of typed. */
function Seen({ state: { seen, guests }, add, isBusy }: SeenProps) {
  const others = seen.filter(
    ({ login, node }) => !guests.logins.includes(login.toLowerCase()) && !guests.nodes.includes(node.toLowerCase()),
  );
  if (others.length === 0) return null;
  return (
    <>
      <p className={classes["heading"]}>Seen lately</p>
      <ul role="list" className={classes["list"]} aria-label="Seen lately">
        {others.map(({ login, node, lastSeenAt, isTagged, isLetIn }) => (
          <li key={node}>
            <IconDevices size={16} />
            <span className={classes["name"]}>
              <span className={classes["entry"]}>{node}</span>
              <span className={classes["about"]}>
                {isTagged ? "Tagged device" : login === "" ? "No login known" : login} · <Time iso={lastSeenAt} />
                {isLetIn ? "" : " · not let in"}
              </span>
            </span>
            <span className={classes["choices"]}>
              {login === "" ? null : (
                <Button
                  disabled={isBusy}
                  aria-label={`Add person ${login}`}
                  onClick={() => {
                    add("logins", login);
                  }}
                >
                  Add person
                </Button>
              )}
              <Button
                disabled={isBusy}
                aria-label={`Add device ${node}`}
                onClick={() => {
                  add("nodes", node);
                }}
              >
                Add device
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
