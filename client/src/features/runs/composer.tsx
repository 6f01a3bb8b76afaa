import { Button, Checkbox, MultiSelect, NumberInput, Radio, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { Provider, ProviderHealth } from "../../../../contract/features/providers.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { useLiveApps, useLivePrompts, useLiveProviders } from "../../lib/live-queries.ts";
import { permissionModes } from "../../lib/permission-modes.ts";
import { useObservable } from "../../lib/observable.ts";
import { usePreference } from "../../lib/use-preference.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconPlayerPlay, IconPlugConnected } from "../../ui/icons.gen.ts";
import { KeyHint } from "../../ui/key-hint.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { TemplateFields, usePromptPreview } from "../../ui/template-fields.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { ToolsChoice } from "../../ui/tools-choice.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import {
  amongProviders,
  defaultModel,
  draftBody,
  emptyDraft,
  modelOptions,
  schemaProblem,
  withProviders,
  type Limit,
  type RunDraft,
} from "./composer-draft.ts";
import { AnswerFields } from "./answer-fields.tsx";
import { effectiveIsolation, IsolationFields, usePlace } from "./isolation-fields.tsx";
import { pastedPictures, PictureFields } from "./picture-fields.tsx";
import { createPictureList } from "./picture-list.ts";
import classes from "./composer.module.css";

interface ComposerProps {
  /** How variables of prompts are asked for. */
  isOpen: boolean;
  /** App to work in, when it was opened from one. */
  appId: string | null;
  onClose: () => void;
}

/** Gives work to one agent, or the same to several at once. What is written stays until it is started. */
export function Composer({ isOpen, appId, onClose }: ComposerProps) {
  return (
    <SideSheet title="New run" isOpen={isOpen} onClose={onClose} width={680}>
      {isOpen ? <Providers key={appId} appId={appId} /> : null}
    </SideSheet>
  );
}

function Providers({ appId }: Pick<ComposerProps, "appId">) {
  const { data, error, refetch } = useLiveProviders();
  if (data === undefined) {
    return error === null ? (
      <LoadingState rows={4} label="Loading the providers" />
    ) : (
      <ErrorState title="Could not load the providers" error={error} onRetry={() => void refetch()} isCompact />
    );
  }
  const enabled = data.providers.filter(({ isEnabled }) => isEnabled);
  if (enabled.length === 0) return <NoProvider hasSome={data.providers.length > 0} />;
  return <Form enabled={enabled} health={data.health} appId={appId} />;
}

/** Nothing can run before somebody can be asked. */
export function NoProvider({ hasSome }: { hasSome: boolean }) {
  return (
    <EmptyState
      icon={IconPlugConnected}
      title={hasSome ? "Turn a provider on first" : "Add a provider first"}
      text={
        hasSome
          ? "Your providers are all off, so nobody is asked."
          : "A provider is whom PortOS asks: a model over the network or on this machine, or an agent program such as Claude Code, Codex or OpenCode."
      }
      action={
        <ActionLink to="/providers" variant="filled">
          {hasSome ? "Open Providers" : "Add a provider"}
        </ActionLink>
      }
    />
  );
}

interface FormProps extends Pick<ComposerProps, "appId"> {
  enabled: readonly Provider[];
  health: readonly ProviderHealth[];
}

function Form({ enabled, health, appId }: FormProps) {
  const navigate = useNavigate();
  const [kept, keep] = usePreference<RunDraft>("runs.draft", emptyDraft);
  const [written, setDraft] = useState(() => ({
    ...withProviders({ ...emptyDraft, ...kept }, enabled, health),
    ...(appId === null ? {} : { appId, folder: "" }),
  }));
  // A provider may be turned off while this is open.
  const draft = amongProviders(written, enabled);
  const change = (patch: Partial<RunDraft>): void => {
    const next = { ...draft, ...patch };
    setDraft(next);
    keep(next);
  };
  const [pictureList] = useState(() => createPictureList());
  const { pictures, pending } = useObservable(pictureList.given);
  const start = useMutation({
    mutationFn: () =>
      call("runs.create", {
        body: draftBody(prompt === undefined ? { ...draft, promptId: "" } : draft, isolation, pictures),
      }),
    onSuccess: async ({ runs: [first, ...others] }) => {
      keep({ ...draft, text: "" });
      pictureList.clear();
      if (!first) return;
      if (others.length > 0 && first.groupId !== null)
        await navigate({ to: "/agents/compare", search: { group: first.groupId } });
      else await navigate({ to: "/agents/$runId", params: { runId: first.id } });
    },
  });
  const place = usePlace(draft);
  const isolation = effectiveIsolation(draft.isolation, place, draft.appId !== "");
  const errors = fieldErrors(start.error);
  const count = Object.keys(draft.choices).length;
  const prompts = useLivePrompts().data?.prompts ?? [];
  const prompt = prompts.find(({ id }) => id === draft.promptId);
  const preview = usePromptPreview(prompt?.id ?? "", draft.values).data;
  const hasText = prompt === undefined ? draft.text.trim() !== "" : preview?.issues.length === 0;
  const wrongSchema = schemaProblem(draft);
  const isReady = hasText && count > 0 && wrongSchema === undefined && pending === 0 && !start.isPending;
  const submit = (): void => {
    if (isReady) start.mutate();
  };
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onPaste={(event) => {
        const files = pastedPictures(event.clipboardData);
        if (files.length === 0) return;
        event.preventDefault();
        void pictureList.add(files);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      {prompts.length === 0 ? null : (
        <Select
          label="Start from"
          searchable
          clearable
          placeholder="your own words"
          data={prompts.map(({ id, title, issues }) => ({ value: id, label: title, disabled: issues.length > 0 }))}
          value={prompt?.id ?? null}
          onChange={(promptId) => {
            change({ promptId: promptId ?? "", values: {} });
          }}
        />
      )}
      {prompt === undefined ? (
        <Textarea
          label="What is to be done?"
          placeholder="Find out why the tests fail, mend it, and tell me what it was."
          autosize
          minRows={7}
          maxRows={24}
          autoFocus
          value={draft.text}
          error={errors["prompt.text"]}
          onChange={(event) => {
            change({ text: event.currentTarget.value });
          }}
        />
      ) : (
        <TemplateFields
          prompt={prompt}
          values={draft.values}
          onChange={(values) => {
            change({ values });
          }}
        />
      )}
      <PictureFields list={pictureList} />
      <ProviderFields
        enabled={enabled}
        health={health}
        draft={draft}
        isShared={isolation === "none"}
        onChange={change}
      />
      <PlaceFields draft={draft} errors={errors} onChange={change} />
      <IsolationFields draft={draft} place={place} error={errors["isolation"]} onChange={change} />
      <PermissionFields draft={draft} onChange={change} />
      <ToolsChoice
        value={draft.tools}
        inherited="What its provider may"
        onChange={(tools) => {
          change({ tools });
        }}
      />
      <LimitFields draft={draft} errors={errors} onChange={change} />
      <AnswerFields
        draft={draft}
        error={wrongSchema ?? errors["answerFormat.schema"] ?? errors["answerFormat"]}
        onChange={change}
      />
      <FormError error={start.error} shown={[...shownFields, ...limitNames.map((name) => `budget.${name}`)]} />
      <div className={classes["foot"]}>
        <Button type="submit" size="sm" variant="filled" disabled={!isReady} leftSection={<IconPlayerPlay size={14} />}>
          {count > 1 ? `Start ${String(count)} runs` : "Start"}
        </Button>
        <span className="desktop-only">
          <KeyHint shortcut="mod+enter" />
        </span>
      </div>
    </form>
  );
}

const shownFields = ["prompt.text", "folder", "appId", "isolation", "answerFormat", "answerFormat.schema"];

interface FieldsProps {
  draft: RunDraft;
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<RunDraft>) => void;
}

interface ProviderFieldsProps extends Omit<FieldsProps, "errors">, Pick<FormProps, "enabled" | "health"> {
  /** All of them work in one folder. */
  isShared: boolean;
}

function ProviderFields({ enabled, health, draft, isShared, onChange }: ProviderFieldsProps) {
  const count = Object.keys(draft.choices).length;
  const choose = (provider: Provider, isChosen: boolean): void => {
    const { [provider.id]: _, ...others } = draft.choices;
    onChange({ choices: isChosen ? { ...others, [provider.id]: defaultModel(provider) } : others });
  };
  return (
    <fieldset className={classes["group"]}>
      <legend>Who is asked</legend>
      <ul role="list" className={classes["providers"]}>
        {enabled.map((provider) => {
          const options = modelOptions(provider);
          const choice = draft.choices[provider.id];
          return (
            <li key={provider.id} data-chosen={choice !== undefined || undefined}>
              <Checkbox
                label={provider.name}
                checked={choice !== undefined}
                onChange={(event) => {
                  choose(provider, event.currentTarget.checked);
                }}
              />
              <Trouble health={health.find(({ id }) => id === provider.id)} />
              {choice === undefined || options.length === 0 ? null : (
                <Select
                  className={classes["model"] ?? ""}
                  aria-label={`Model of ${provider.name}`}
                  allowDeselect={false}
                  searchable={options.length > 8}
                  data={options}
                  value={choice}
                  onChange={(value) => {
                    onChange({ choices: { ...draft.choices, [provider.id]: value ?? "" } });
                  }}
                />
              )}
            </li>
          );
        })}
      </ul>
      <Checkbox
        size="xs"
        label="Ask its fallbacks when one cannot answer"
        checked={draft.mayFallBack}
        onChange={(event) => {
          onChange({ mayFallBack: event.currentTarget.checked });
        }}
      />
      {draft.mayFallBack && enabled.length > 1 ? (
        <MultiSelect
          label="Fallbacks of this run, in order"
          placeholder={draft.fallbacks.length === 0 ? "their own, as set under Providers" : ""}
          clearable
          data={enabled.map(({ id, name }) => ({ value: id, label: name }))}
          value={draft.fallbacks.filter((id) => enabled.some((provider) => provider.id === id))}
          onChange={(fallbacks) => {
            onChange({ fallbacks });
          }}
        />
      ) : null}
      {count > 1 && isShared && (draft.folder !== "" || draft.appId !== "") && draft.permissionMode !== "ask" ? (
        <Notice tone="warn">They work in the same folder at the same time and may get in each other's way.</Notice>
      ) : null}
    </fieldset>
  );
}

/** Why a provider would not answer now; nothing while it would. */
function Trouble({ health }: { health: ProviderHealth | undefined }) {
  if (health === undefined || (health.state !== "down" && health.state !== "limited")) return null;
  return (
    <span className={classes["trouble"]} title={health.message ?? undefined}>
      <StatusBadge status={health.failure === "not-installed" ? "not installed" : health.state} isCompact />
      {health.backAt === null ? null : (
        <span className="dim">
          back <Time iso={health.backAt} />
        </span>
      )}
    </span>
  );
}

function PlaceFields({ draft, errors, onChange }: FieldsProps) {
  const apps = (useLiveApps().data ?? []).filter((app) => !app.isArchived);
  const app = apps.find(({ id }) => id === draft.appId);
  return (
    <fieldset className={classes["group"]}>
      <legend>Where</legend>
      <div className={classes["pair"]}>
        <Select
          label="App"
          clearable
          searchable
          placeholder="No app"
          data={apps.map(({ id, name }) => ({ value: id, label: name }))}
          value={draft.appId === "" ? null : draft.appId}
          error={errors["appId"]}
          onChange={(value) => {
            onChange({ appId: value ?? "" });
          }}
        />
        <TextInput
          label="Folder"
          placeholder={app?.folder ?? "an empty one of its own"}
          classNames={{ input: "mono" }}
          spellCheck={false}
          autoCapitalize="off"
          value={draft.folder}
          error={errors["folder"]}
          onChange={(event) => {
            onChange({ folder: event.currentTarget.value });
          }}
        />
      </div>
    </fieldset>
  );
}

function PermissionFields({ draft, onChange }: Omit<FieldsProps, "errors">) {
  return (
    <Radio.Group
      label="What may it do without asking?"
      value={draft.permissionMode}
      onChange={(value) => {
        onChange({ permissionMode: value });
      }}
    >
      <div className={classes["modes"]}>
        {permissionModes.map(({ value, label, text }) => (
          <Radio
            key={value}
            value={value}
            label={
              <>
                {label}
                <span className={classes["mode"]}>{text}</span>
              </>
            }
          />
        ))}
      </div>
    </Radio.Group>
  );
}

const limitNames: readonly Limit[] = ["costUsd", "minutes", "tokens", "turns"];
const limitLabels: Record<Limit, string> = {
  costUsd: "Dollars",
  minutes: "Minutes",
  tokens: "Tokens",
  turns: "Replies",
};

function LimitFields({ draft, errors, onChange }: FieldsProps) {
  return (
    <fieldset className={classes["group"]}>
      <legend>Stop it at</legend>
      <div className={classes["limits"]}>
        {limitNames.map((name) => (
          <NumberInput
            key={name}
            label={limitLabels[name]}
            placeholder="no limit"
            min={0}
            hideControls
            allowDecimal={name === "costUsd" || name === "minutes"}
            value={draft.limits[name]}
            error={errors[`budget.${name}`]}
            onChange={(value) => {
              onChange({ limits: { ...draft.limits, [name]: String(value) } });
            }}
          />
        ))}
      </div>
    </fieldset>
  );
}
