import { Autocomplete, Button, Checkbox, MultiSelect, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Provider } from "../../../../contract/features/providers.ts";
import type { Task } from "../../../../contract/features/tasks.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useLiveApps, useLiveProviders } from "../../lib/live-queries.ts";
import { ToolsChoice } from "../../ui/tools-choice.tsx";
import { permissionModes } from "../../lib/permission-modes.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { TemplateChoice } from "../../ui/template-choice.tsx";
import { IconPaperclip, IconX } from "../../ui/icons.gen.ts";
import { commonTypes } from "../../lib/common-task-types.ts";
import { showTask } from "./task-calls.ts";
import { draftOf, inputOf, limitNames, type TaskDraft } from "./task-draft.ts";
import classes from "./task-page.module.css";
import { priorityLabels } from "./task-words.ts";
import { useLiveTasks } from "./use-tasks.ts";

interface TaskFormProps {
  task: Task;
}

const limitLabels = { costUsd: "Dollars", minutes: "Minutes", tokens: "Tokens", turns: "Replies" };

/** Everything that can be said of a task. What is not saved yet stays while the task itself changes. */
export function TaskForm({ task }: TaskFormProps) {
  const client = useQueryClient();
  const [draft, setDraft] = useState<TaskDraft | null>(null);
  const shown = draft ?? draftOf(task);
  const change = (patch: Partial<TaskDraft>): void => {
    setDraft({ ...shown, ...patch });
  };
  const save = useMutation({
    mutationFn: () => call("tasks.update", { params: { id: task.id }, body: inputOf(shown) }),
    onSuccess: (saved) => {
      showTask(client, saved);
      setDraft(null);
      toast({ kind: "ok", text: "Saved" });
    },
  });
  const errors = fieldErrors(save.error);
  const fields = { draft: shown, errors, onChange: change };
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && draft !== null) save.mutate();
      }}
    >
      <TextInput
        label="Title"
        value={shown.title}
        maxLength={200}
        error={errors["title"]}
        onChange={(event) => {
          change({ title: event.currentTarget.value });
        }}
      />
      <TemplateChoice
        value={shown.template}
        errors={errors}
        path="template"
        onChange={(template) => {
          change({ template });
        }}
      />
      <Textarea
        label={shown.template === null ? "Instructions" : "Instructions after the prompt"}
        placeholder={
          shown.template === null
            ? "What is to be done, how it is checked, what must stay as it is. Markdown."
            : "What else is to be said. Markdown."
        }
        autosize
        minRows={shown.template === null ? 5 : 2}
        maxRows={24}
        value={shown.instructions}
        error={errors["instructions"]}
        onChange={(event) => {
          change({ instructions: event.currentTarget.value });
        }}
      />
      <KindFields {...fields} />
      <WhoFields {...fields} />
      <LimitFields {...fields} />
      <DependencyField {...fields} task={task} />
      <AttachmentFields {...fields} />
      <FormError error={save.error} shown={shownFields} />
      <div className={classes["foot"]}>
        <Button type="submit" variant="filled" disabled={draft === null || save.isPending}>
          Save
        </Button>
        {draft === null ? null : (
          <Button
            variant="subtle"
            onClick={() => {
              setDraft(null);
              save.reset();
            }}
          >
            Discard changes
          </Button>
        )}
      </div>
    </form>
  );
}

const shownFields = ["title", "instructions", "template.promptId", "appId", "type", "dependsOn"];

interface FieldsProps {
  draft: TaskDraft;
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<TaskDraft>) => void;
}

function KindFields({ draft, errors, onChange }: FieldsProps) {
  const apps = (useLiveApps().data ?? []).filter((app) => !app.isArchived || app.id === draft.appId);
  const options = apps.map(({ id, name }) => ({ value: id, label: name }));
  const isMissing = draft.appId !== "" && !apps.some(({ id }) => id === draft.appId);
  return (
    <div className={classes["three"]}>
      <Select
        label="App"
        placeholder="No app"
        clearable
        searchable={apps.length > 8}
        data={isMissing ? [...options, { value: draft.appId, label: `${draft.appId} (gone)` }] : options}
        value={draft.appId === "" ? null : draft.appId}
        error={errors["appId"]}
        onChange={(appId) => {
          onChange({ appId: appId ?? "" });
        }}
      />
      <Autocomplete
        label="Type"
        data={[...commonTypes]}
        value={draft.type}
        error={errors["type"]}
        onChange={(type) => {
          onChange({ type });
        }}
      />
      <Select
        label="Priority"
        allowDeselect={false}
        data={Object.entries(priorityLabels).map(([value, label]) => ({ value, label }))}
        value={draft.priority}
        onChange={(priority) => {
          if (priority !== null) onChange({ priority: priority as TaskDraft["priority"] });
        }}
      />
    </div>
  );
}

function WhoFields({ draft, onChange }: Omit<FieldsProps, "errors">) {
  const providers = useLiveProviders().data?.providers ?? [];
  const isNamed = draft.choice.startsWith("provider:") || draft.choice.startsWith("model:");
  const others = providers
    .filter(({ id }) => id !== draft.choice.split(":")[1])
    .map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      <div className={classes["three"]}>
        <Select
          label="Who does it"
          allowDeselect={false}
          searchable={providers.length > 4}
          data={choices(providers, draft.choice)}
          value={draft.choice}
          onChange={(choice) => {
            if (choice !== null) onChange({ choice });
          }}
        />
        <Select
          label="Where it works"
          allowDeselect={false}
          data={[
            { value: "", label: "As fits the app" },
            { value: "none", label: "In the folder itself" },
            { value: "worktree", label: "In a worktree" },
            { value: "sandbox", label: "In a sandbox" },
            { value: "sandbox-offline", label: "In a sandbox, no network" },
          ]}
          value={draft.isolation}
          onChange={(isolation) => {
            onChange({ isolation: isolation ?? "" });
          }}
        />
        <Select
          label="What it may do without asking"
          allowDeselect={false}
          data={[{ value: "", label: "As the chief of staff says" }, ...permissionModes]}
          value={draft.permissionMode}
          onChange={(permissionMode) => {
            onChange({ permissionMode: permissionMode ?? "" });
          }}
        />
      </div>
      <ToolsChoice
        value={draft.tools}
        inherited="What its provider may"
        onChange={(tools) => {
          onChange({ tools });
        }}
      />
      <div className={classes["checks"]}>
        <Checkbox
          label="You look at the work before the task counts as done"
          checked={draft.needsReview}
          onChange={(event) => {
            onChange({ needsReview: event.currentTarget.checked });
          }}
        />
        {isNamed ? (
          <Checkbox
            label="Its fallbacks may be asked when it cannot answer"
            checked={draft.mayFallBack}
            onChange={(event) => {
              onChange({ mayFallBack: event.currentTarget.checked });
            }}
          />
        ) : null}
        {isNamed && draft.mayFallBack ? (
          <MultiSelect
            label="Fallbacks of this task, in order"
            placeholder={draft.fallbacks.length === 0 ? "its own, as set under Providers" : ""}
            clearable
            data={others}
            value={[...draft.fallbacks]}
            onChange={(fallbacks) => {
              onChange({ fallbacks });
            }}
          />
        ) : null}
      </div>
    </>
  );
}

function choices(providers: readonly Provider[], current: string) {
  const named = providers.map(({ id, name, models, isEnabled }) => ({
    group: isEnabled ? name : `${name} (off)`,
    items: [
      { value: `provider:${id}`, label: name },
      ...models.map((model) => ({ value: `model:${id}:${model.id}`, label: `${name} · ${model.id}` })),
    ],
  }));
  const known = new Set(named.flatMap(({ items }) => items.map(({ value }) => value)));
  const isKnown = current === "best" || current.startsWith("tier:") || known.has(current);
  return [
    {
      group: "By what is known",
      items: [
        { value: "best", label: "Best, as learned" },
        { value: "tier:light", label: "A light model" },
        { value: "tier:medium", label: "A medium model" },
        { value: "tier:heavy", label: "A heavy model" },
      ],
    },
    ...named,
    ...(isKnown
      ? []
      : [{ group: "Gone", items: [{ value: current, label: current.split(":").slice(1).join(" · ") }] }]),
  ];
}

function LimitFields({ draft, errors, onChange }: FieldsProps) {
  return (
    <fieldset className={classes["group"]}>
      <legend>All its runs together stop at</legend>
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

function DependencyField({ draft, errors, onChange, task }: FieldsProps & { task: Task }) {
  const tasks = useLiveTasks().data?.tasks ?? [];
  const others = tasks.filter(
    ({ id, endedAt }) => id !== task.id && (endedAt === null || draft.dependsOn.includes(id)),
  );
  const known = others.map(({ id, title }) => ({ value: id, label: title }));
  const gone = draft.dependsOn.filter((id) => !others.some((other) => other.id === id));
  return (
    <MultiSelect
      label="Waits for"
      placeholder={draft.dependsOn.length === 0 ? "no other task" : ""}
      searchable
      clearable
      maxValues={20}
      limit={50}
      data={[...known, ...gone.map((id) => ({ value: id, label: id }))]}
      value={[...draft.dependsOn]}
      error={errors["dependsOn"]}
      onChange={(dependsOn) => {
        onChange({ dependsOn });
      }}
    />
  );
}

function AttachmentFields({ draft, onChange }: Omit<FieldsProps, "errors">) {
  const screenshots = useQuery(callQuery("browser.screenshots")).data?.items ?? [];
  const [path, setPath] = useState("");
  const names = draft.attachments.flatMap((each) => (each.kind === "screenshot" ? each.name : []));
  const add = (): void => {
    const trimmed = path.trim().replace(/^\.?\/+/, "");
    if (trimmed === "") return;
    onChange({ attachments: [...draft.attachments, { kind: "file", path: trimmed }] });
    setPath("");
  };
  return (
    <fieldset className={classes["group"]}>
      <legend>Files given along</legend>
      <ul role="list" className={classes["attachments"]}>
        {draft.attachments.map((each, index) => (
          <li key={`${each.kind}:${each.kind === "file" ? each.path : each.name}`}>
            <IconPaperclip size={14} />
            <span className="mono">{each.kind === "file" ? each.path : each.name}</span>
            <Button
              variant="subtle"
              aria-label={`Take ${each.kind === "file" ? each.path : each.name} out`}
              onClick={() => {
                onChange({ attachments: draft.attachments.toSpliced(index, 1) });
              }}
            >
              <IconX size={14} />
            </Button>
          </li>
        ))}
      </ul>
      <div className={classes["two"]}>
        <TextInput
          label="Path in the app's folder"
          placeholder={draft.appId === "" ? "choose an app first" : "docs/plan.md"}
          disabled={draft.appId === ""}
          classNames={{ input: "mono" }}
          value={path}
          onChange={(event) => {
            setPath(event.currentTarget.value);
          }}
          onBlur={add}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            add();
          }}
        />
        <Select
          label="Screenshot"
          placeholder={screenshots.length === 0 ? "none was taken yet" : "choose one"}
          disabled={screenshots.length === 0}
          data={screenshots
            .filter(({ id }) => !names.includes(id))
            .map(({ id, title }) => ({ value: id, label: title === "" ? id : title }))}
          value={null}
          onChange={(name) => {
            if (name !== null) onChange({ attachments: [...draft.attachments, { kind: "screenshot", name }] });
          }}
        />
      </div>
    </fieldset>
  );
}
