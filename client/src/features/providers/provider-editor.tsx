import { Button, NumberInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Provider, ProviderList, ProviderPreset } from "../../../../contract/features/providers.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { ToolsChoice } from "../../ui/tools-choice.tsx";
import { ApiFields } from "./api-fields.tsx";
import { FallbackFields } from "./fallback-fields.tsx";
import { ModelsEditor } from "./models-editor.tsx";
import { ProgramFields } from "./program-fields.tsx";
import { setEnabled, showView } from "./provider-calls.ts";
import { type Draft, draftErrors, draftOf, inputOf } from "./provider-draft.ts";
import classes from "./providers.module.css";

interface ProviderEditorProps {
  list: ProviderList;
  /** Id of the one to change, "new" for a new one, nothing while closed. */
  editedId: string | undefined;
  presetId: string | undefined;
  onClose: () => void;
}

/** Adds or changes a provider in a panel over the page. */
export function ProviderEditor({ list, editedId, presetId, onClose }: ProviderEditorProps) {
  const provider = list.providers.find(({ id }) => id === editedId);
  const isNew = editedId === "new" && provider === undefined;
  const presets = useQuery({ ...callQuery("providers.presets"), enabled: isNew });
  const preset =
    presets.data?.find(({ id }) => id === presetId) ?? presets.data?.find(({ id }) => id === "openai-compatible");
  const start = provider === undefined ? preset?.input : draftOf(provider);
  return (
    <SideSheet
      title={provider === undefined ? `Add ${preset?.label ?? "a provider"}` : `Edit ${provider.name}`}
      isOpen={isNew || provider !== undefined}
      onClose={onClose}
      width={600}
    >
      {!isNew && provider === undefined ? null : start === undefined ? (
        <LoadingState rows={5} rowHeight={56} label="Loading" />
      ) : (
        <EditorForm
          key={provider?.id ?? presetId ?? "new"}
          list={list}
          provider={provider}
          preset={isNew ? preset : undefined}
          start={start}
          onClose={onClose}
        />
      )}
    </SideSheet>
  );
}

interface EditorFormProps {
  list: ProviderList;
  provider: Provider | undefined;
  preset: ProviderPreset | undefined;
  start: Draft;
  onClose: () => void;
}

function EditorForm({ list, provider, preset, start, onClose }: EditorFormProps) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(start);
  const save = useMutation({
    mutationFn: () =>
      provider === undefined
        ? call("providers.create", { body: { input: inputOf(draft) } })
        : call("providers.update", { params: { id: provider.id }, body: inputOf(draft) }),
    onSuccess: (saved) => {
      showView(client, saved);
      onClose();
      if (provider !== undefined) return;
      toast({
        kind: "ok",
        text: `${saved.provider.name} is saved and still off`,
        action: { label: "Turn on", run: () => setEnabled(client, saved.provider, true) },
      });
    },
  });
  const errors = draftErrors(fieldErrors(save.error));
  const change = (patch: Partial<Draft>): void => {
    setDraft((current) => ({ ...current, ...patch }) as Draft);
  };
  const offered = list.health.find(({ id }) => id === provider?.id)?.models ?? [];
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
        maxLength={80}
        data-autofocus
        value={draft.name}
        error={errors["name"]}
        onChange={(event) => {
          change({ name: event.currentTarget.value });
        }}
      />
      {draft.type === "api" ? (
        <ApiFields
          draft={draft}
          kept={provider?.type === "api" ? provider.apiKey : null}
          needsKey={preset?.needsKey ?? false}
          keyUrl={preset?.keyUrl ?? null}
          errors={errors}
          onChange={change}
        />
      ) : (
        <ProgramFields
          draft={draft}
          kept={provider === undefined || provider.type === "api" ? [] : provider.environment}
          errors={errors}
          onChange={change}
        />
      )}
      <ModelsEditor
        models={draft.models}
        offered={offered}
        isOptional={draft.type !== "api"}
        errors={errors}
        onChange={(models) => {
          change({ models });
        }}
      />
      <FallbackFields
        draft={draft}
        others={list.providers.filter(({ id }) => id !== provider?.id)}
        errors={errors}
        onChange={change}
      />
      <NumberInput
        label="Longest time of one attempt, in minutes"
        description="After that the next provider is asked."
        min={1 / 60}
        max={1_440}
        decimalScale={2}
        value={draft.timeoutMs / 60_000}
        error={errors["timeoutMs"]}
        onChange={(value) => {
          change({ timeoutMs: Math.round(Number(value) * 60_000) });
        }}
      />
      <ToolsChoice
        value={draft.tools ?? null}
        inherited="What runs may use"
        onChange={(tools) => {
          change({ tools });
        }}
      />
      <FormError error={save.error} shown={Object.keys(fieldErrors(save.error))} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          {provider === undefined ? "Save, turned off" : "Save"}
        </Button>
      </div>
    </form>
  );
}
