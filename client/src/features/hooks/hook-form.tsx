import { Button, NativeSelect, NumberInput, PasswordInput, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Hook, HookInput } from "../../../../contract/features/hooks.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Notice } from "../../ui/notice.tsx";
import { hookKinds, newHook } from "./hook-words.ts";
import classes from "./hooks.module.css";

interface HookFormProps {
  /** Nothing for a new one. */
  hook?: Hook | undefined;
  /** The secret, when one was made: it is shown this once. */
  onSaved: (id: string, secret: string | null) => void;
  onClose: () => void;
}

function inputOf({
  name,
  kind,
  tokenHeader,
  isEnabled,
  toleranceSeconds,
  maxBodyBytes,
  perMinute,
  automationId,
}: Hook) {
  return { name, kind, tokenHeader, isEnabled, toleranceSeconds, maxBodyBytes, perMinute, automationId };
}

/** Adds or changes a webhook. */
export function HookForm({ hook, onSaved, onClose }: HookFormProps) {
  const [draft, setDraft] = useState<HookInput>(hook === undefined ? newHook : inputOf(hook));
  const [secret, setSecret] = useState("");
  const automations = useQuery(callQuery("automations.list"));
  const change = (patch: Partial<HookInput>): void => {
    setDraft((current) => ({ ...current, ...patch }));
  };
  const save = useMutation({
    async mutationFn() {
      if (hook !== undefined) {
        await call("hooks.update", { params: { id: hook.id }, body: draft });
        return { id: hook.id, secret: null };
      }
      const made = await call("hooks.create", { body: { ...draft, ...(secret === "" ? {} : { secret }) } });
      return { id: made.hook.id, secret: made.secret };
    },
    onSuccess: (saved) => {
      onSaved(saved.id, saved.secret);
    },
  });
  const errors = fieldErrors(save.error);
  const chosen = automations.data?.automations.find(({ automation }) => automation.id === draft.automationId);
  const isOff = chosen?.automation.isEnabled === false;
  return (
    <form
      className={classes["form"]}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label="Name"
        maxLength={120}
        data-autofocus
        value={draft.name}
        error={errors["name"]}
        onChange={(event) => {
          change({ name: event.currentTarget.value });
        }}
      />
      <NativeSelect
        label="Who sends"
        description={hookKinds.find(({ value }) => value === draft.kind)?.text}
        data={hookKinds.map(({ value, label }) => ({ value, label }))}
        value={draft.kind}
        onChange={(event) => {
          const found = hookKinds.find(({ value }) => value === event.currentTarget.value);
          if (found) change({ kind: found.value });
        }}
      />
      {draft.kind === "token" ? (
        <TextInput
          label="Header"
          description="Carries the token"
          classNames={{ input: "mono" }}
          value={draft.tokenHeader}
          error={errors["tokenHeader"]}
          onChange={(event) => {
            change({ tokenHeader: event.currentTarget.value });
          }}
        />
      ) : null}
      {hook === undefined ? (
        <PasswordInput
          label="Secret"
          description="The one the sender shows. Leave it empty to have one made; it is shown once."
          autoComplete="off"
          value={secret}
          error={errors["secret"]}
          onChange={(event) => {
            setSecret(event.currentTarget.value);
          }}
        />
      ) : null}
      <NativeSelect
        label="Starts"
        description="Each message that is taken starts it once, one after another. What comes while it runs waits, also when a run waits for your answer."
        data={[
          { value: "", label: "Nothing: messages are only kept" },
          ...(automations.data?.automations ?? []).map(({ automation }) => ({
            value: automation.id,
            label: automation.isEnabled ? automation.name : `${automation.name} (off)`,
          })),
        ]}
        value={draft.automationId ?? ""}
        onChange={(event) => {
          change({ automationId: event.currentTarget.value === "" ? null : event.currentTarget.value });
        }}
      />
      {isOff ? (
        <Notice tone="warn">
          It is off: messages are taken and start nothing until you turn it on, on the Automations page.
        </Notice>
      ) : null}
      <NumberInput
        label="Messages in a minute"
        description="More are refused"
        min={1}
        max={6_000}
        value={draft.perMinute}
        error={errors["perMinute"]}
        onChange={(value) => {
          change({ perMinute: Number(value) });
        }}
      />
      <Switch
        label="Takes messages"
        checked={draft.isEnabled}
        onChange={(event) => {
          change({ isEnabled: event.currentTarget.checked });
        }}
      />
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          {hook === undefined ? "Create" : "Save"}
        </Button>
      </div>
    </form>
  );
}
