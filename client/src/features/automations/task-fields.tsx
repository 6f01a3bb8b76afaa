import { Checkbox, Select, Textarea, TextInput } from "@mantine/core";

import { TemplateChoice } from "../../ui/template-choice.tsx";
import type { FieldsProps } from "./action-fields.tsx";
import type { Action } from "./automation-draft.ts";
import classes from "./automations.module.css";
import { LimitFields } from "./limit-fields.tsx";

const priorities = [
  { value: "urgent", label: "Urgent" },
  { value: "high", label: "High" },
  { value: "normal", label: "Normal" },
  { value: "low", label: "Low" },
];

/** The task that is added each time, unless the one before is still open. */
export function TaskFields({ action, apps, errors, onChange }: FieldsProps<Extract<Action, { kind: "task" }>>) {
  return (
    <>
      <TextInput
        label="Title"
        placeholder="Update the dependencies"
        value={action.title}
        maxLength={200}
        error={errors["action.title"]}
        onChange={(event) => {
          onChange({ ...action, title: event.currentTarget.value });
        }}
      />
      <TemplateChoice
        value={action.template}
        errors={errors}
        path="action.template"
        onChange={(template) => {
          onChange({ ...action, template });
        }}
      />
      <Textarea
        label={action.template === null ? "Instructions" : "Instructions after the prompt"}
        autosize
        minRows={action.template === null ? 3 : 2}
        maxRows={12}
        value={action.instructions}
        error={errors["action.instructions"]}
        onChange={(event) => {
          onChange({ ...action, instructions: event.currentTarget.value });
        }}
      />
      <div className={classes["pair"]}>
        <Select
          label="App"
          placeholder="No app"
          clearable
          data={apps.map(({ id, name }) => ({ value: id, label: name }))}
          value={action.appId}
          error={errors["action.appId"]}
          onChange={(appId) => {
            onChange({ ...action, appId });
          }}
        />
        <TextInput
          label="Type"
          value={action.type}
          error={errors["action.type"]}
          onChange={(event) => {
            onChange({ ...action, type: event.currentTarget.value });
          }}
        />
        <Select
          label="Priority"
          allowDeselect={false}
          data={priorities}
          value={action.priority}
          onChange={(priority) => {
            const found = (["urgent", "high", "normal", "low"] as const).find((one) => one === priority);
            if (found) onChange({ ...action, priority: found });
          }}
        />
      </div>
      <LimitFields
        legend="Budget of a day, for all its tasks together"
        budget={action.budget}
        errors={errors}
        onChange={(budget) => {
          onChange({ ...action, budget });
        }}
      />
      <Checkbox
        label="As a draft, which is not started by itself"
        checked={action.state === "draft"}
        onChange={(event) => {
          onChange({ ...action, state: event.currentTarget.checked ? "draft" : "ready" });
        }}
      />
    </>
  );
}
