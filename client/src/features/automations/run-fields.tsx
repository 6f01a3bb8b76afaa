import { Select, Textarea } from "@mantine/core";
import { useState } from "react";

import type { PromptReference } from "../../../../contract/features/prompts.ts";
import { useLiveProviders } from "../../lib/live-queries.ts";
import { permissionModes } from "../../lib/permission-modes.ts";
import { TemplateChoice } from "../../ui/template-choice.tsx";
import { ToolsChoice } from "../../ui/tools-choice.tsx";
import type { FieldsProps } from "./action-fields.tsx";
import classes from "./automations.module.css";
import { LimitFields } from "./limit-fields.tsx";
import { placeOptions, placeValue, type RunAction, typedIn, withPlace, withReference } from "./run-draft.ts";

const isolations = [
  { value: "none", label: "In the folder itself" },
  { value: "worktree", label: "In a worktree" },
  { value: "sandbox", label: "In a sandbox" },
  { value: "sandbox-offline", label: "In a sandbox, no network" },
];

/** What is asked each time, who is asked, and where. */
export function RunFields({ action, apps, errors, onChange }: FieldsProps<RunAction>) {
  const { prompt } = action;
  const [typed, setTyped] = useState("");
  const words = typedIn(action) ?? typed;
  return (
    <>
      <TemplateChoice
        value={referenceOf(prompt)}
        errors={errors}
        path="action.prompt"
        onChange={(reference) => {
          setTyped(words);
          onChange(withReference(action, reference, words));
        }}
      />
      {prompt.kind === "template" ? null : (
        <Textarea
          label="What is to be done?"
          placeholder="Look through yesterday's commits and tell me what is risky."
          autosize
          minRows={3}
          maxRows={12}
          value={prompt.text}
          error={errors["action.prompt.text"]}
          onChange={(event) => {
            onChange({ ...action, prompt: { kind: "text", text: event.currentTarget.value } });
          }}
        />
      )}
      <WhoFields action={action} errors={errors} onChange={onChange} />
      <div className={classes["pair"]}>
        <Select
          label="In the folder of"
          placeholder="An empty folder of its own"
          clearable
          data={placeOptions(action, apps)}
          value={placeValue(action)}
          error={errors["action.appId"] ?? errors["action.folder"]}
          onChange={(value) => {
            onChange(withPlace(action, value));
          }}
        />
        <Select
          label="Where it works"
          allowDeselect={false}
          disabled={placeValue(action) === null}
          data={isolations}
          value={isolationName(action.isolation)}
          error={errors["action.isolation"]}
          onChange={(name) => {
            onChange({ ...action, isolation: isolationOf(name) });
          }}
        />
      </div>
      <Select
        label="What it may do without asking"
        description={permissionModes.find(({ value }) => value === action.permissionMode)?.text}
        allowDeselect={false}
        data={permissionModes.map(({ value, label }) => ({ value, label }))}
        value={action.permissionMode}
        onChange={(mode) => {
          const found = permissionModes.find(({ value }) => value === mode);
          if (found) onChange({ ...action, permissionMode: found.value });
        }}
      />
      <ToolsChoice
        value={action.tools ?? null}
        inherited="What its provider may"
        onChange={(tools) => {
          onChange({ ...action, tools });
        }}
      />
      <LimitFields
        legend="Budget of each run"
        budget={action.budget}
        errors={errors}
        onChange={(budget) => {
          onChange({ ...action, budget });
        }}
      />
      <LimitFields
        legend="Budget of a day, for all its runs together"
        path="action.dayBudget"
        budget={action.dayBudget}
        errors={errors}
        onChange={(dayBudget) => {
          onChange({ ...action, dayBudget });
        }}
      />
    </>
  );
}

function WhoFields({ action, errors, onChange }: Pick<FieldsProps<RunAction>, "action" | "errors" | "onChange">) {
  const { providerId, model = null } = action.choice;
  const providers = (useLiveProviders().data?.providers ?? []).filter(
    ({ id, isEnabled }) => isEnabled || id === providerId,
  );
  const models = providers.find(({ id }) => id === providerId)?.models ?? [];
  return (
    <div className={classes["pair"]}>
      <Select
        label="Provider"
        placeholder={providers.length === 0 ? "None is turned on" : "Pick one"}
        allowDeselect={false}
        data={providers.map(({ id, name }) => ({ value: id, label: name }))}
        value={providerId === "" ? null : providerId}
        error={errors["action.choice.providerId"]}
        onChange={(id) => {
          if (id !== null) onChange({ ...action, choice: { providerId: id, mayFallBack: action.choice.mayFallBack } });
        }}
      />
      <Select
        label="Model"
        placeholder="its own choice"
        clearable
        data={models.map(({ id }) => id)}
        value={model}
        error={errors["action.choice.model"]}
        onChange={(next) => {
          const { model: _, ...choice } = action.choice;
          onChange({ ...action, choice: next === null ? choice : { ...choice, model: next } });
        }}
      />
    </div>
  );
}

function referenceOf(prompt: RunAction["prompt"]): PromptReference | null {
  if (prompt.kind === "text") return null;
  const { promptId, version = null, values } = prompt;
  return { promptId, version, values };
}

function isolationName(isolation: RunAction["isolation"]): string {
  return isolation.kind === "sandbox" && !isolation.network ? "sandbox-offline" : isolation.kind;
}

function isolationOf(name: string | null): RunAction["isolation"] {
  if (name === "worktree") return { kind: "worktree" };
  if (name === "sandbox" || name === "sandbox-offline") return { kind: "sandbox", network: name === "sandbox" };
  return { kind: "none" };
}
