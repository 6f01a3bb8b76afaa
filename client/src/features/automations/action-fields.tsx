import { Button, NumberInput, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";

import type { App } from "../../../../contract/features/apps.ts";
import type { Variable } from "../../../../contract/features/variables.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { RunFields } from "./run-fields.tsx";
import { TaskFields } from "./task-fields.tsx";
import { ActionVariables } from "./action-variables.tsx";
import { type Action, newAction, type Schedule, sendEvents } from "./automation-draft.ts";
import { ConnectorFields } from "./connector-fields.tsx";
import classes from "./automations.module.css";

export interface FieldsProps<A extends Action = Action> {
  action: A;
  apps: readonly App[];
  /** Variables the automation has now; a secret among them stays what it is unless it is typed anew. */
  kept: readonly Variable[];
  errors: Readonly<Record<string, string>>;
  onChange: (action: Action) => void;
}

const kinds = [
  { value: "command", label: "Command" },
  { value: "url", label: "URL" },
  { value: "restart-app", label: "Restart" },
  { value: "task", label: "Task" },
  { value: "run", label: "Run" },
  { value: "connector", label: "Calls" },
];
const shownFolders = 8;

/** What it does: a command in a folder, a call of one of this machine's apps, the restart of an app, a task for the board, a run at once, or calls of connectors. */
export function ActionFields({
  action,
  kept,
  errors,
  onChange,
  automationId,
  schedule,
}: Omit<FieldsProps, "apps"> & { automationId: string | undefined; schedule: Schedule }) {
  const apps = (useLiveApps().data ?? []).filter((app) => !app.isArchived);
  const props = { apps, kept, errors, onChange };
  return (
    <fieldset className={classes["group"]}>
      <legend>What</legend>
      <SegmentedControl
        aria-label="Kind of action"
        fullWidth
        data={kinds}
        value={action.kind}
        onChange={(kind) => {
          onChange(newAction(kind as Action["kind"], apps[0]?.id ?? ""));
        }}
      />
      {schedule.kind === "event" && action.kind !== "connector" ? (
        <div className={classes["stepActions"]}>
          <span className={classes["sub"]}>Only calls of connectors can use what an event says.</span>
          <Button
            onClick={() => {
              onChange(sendEvents());
            }}
          >
            Send events to a webhook
          </Button>
        </div>
      ) : null}
      {action.kind === "command" ? <CommandFields {...props} action={action} /> : null}
      {action.kind === "url" ? <UrlFields {...props} action={action} /> : null}
      {action.kind === "task" ? <TaskFields {...props} action={action} /> : null}
      {action.kind === "run" ? <RunFields {...props} action={action} /> : null}
      {action.kind === "connector" ? (
        <ConnectorFields
          action={action}
          errors={errors}
          onChange={onChange}
          automationId={automationId}
          events={schedule.kind === "event" ? schedule.events : []}
        />
      ) : null}
      {action.kind === "restart-app" ? (
        <AppSelect
          {...props}
          appId={action.appId}
          onPick={(appId) => {
            onChange({ ...action, appId });
          }}
        />
      ) : null}
    </fieldset>
  );
}

function CommandFields({ action, apps, kept, errors, onChange }: FieldsProps<Extract<Action, { kind: "command" }>>) {
  const { command } = action;
  const isShell = command.kind === "shell";
  return (
    <>
      <Textarea
        label={isShell ? "Command line" : "Program and arguments"}
        description={isShell ? "Run by your login shell." : "One per line; nothing is interpreted by a shell."}
        autosize
        minRows={isShell ? 1 : 3}
        maxRows={10}
        classNames={{ input: "mono" }}
        placeholder={isShell ? "npm run backup" : "node\nscripts/backup.mjs"}
        value={isShell ? command.line : command.arguments.join("\n")}
        error={errors["action.command.line"] ?? errors["action.command.arguments"]}
        onChange={(event) => {
          const text = event.currentTarget.value;
          onChange({
            ...action,
            command: isShell ? { kind: "shell", line: text } : { kind: "arguments", arguments: text.split("\n") },
          });
        }}
      />
      <SegmentedControl
        aria-label="How the command is given"
        size="xs"
        data={[
          { value: "shell", label: "Shell line" },
          { value: "arguments", label: "Arguments" },
        ]}
        value={command.kind}
        onChange={(kind) => {
          const text = isShell ? command.line : command.arguments.join(" ");
          const words = text.split(/\s+/).filter((word) => word !== "");
          onChange({
            ...action,
            command: kind === "shell" ? { kind: "shell", line: text } : { kind: "arguments", arguments: words },
          });
        }}
      />
      <TextInput
        label="Folder"
        placeholder="/home/you/project"
        classNames={{ input: "mono" }}
        value={action.folder}
        error={errors["action.folder"]}
        onChange={(event) => {
          onChange({ ...action, folder: event.currentTarget.value });
        }}
      />
      {apps.length === 0 ? null : (
        <div className={classes["chips"]} role="group" aria-label="Folders of your apps">
          {apps.slice(0, shownFolders).map((app) => (
            <button
              key={app.id}
              type="button"
              className={classes["chip"]}
              title={app.folder}
              onClick={() => {
                onChange({ ...action, folder: app.folder });
              }}
            >
              {app.name}
            </button>
          ))}
        </div>
      )}
      <NumberInput
        label="Time limit, minutes"
        min={0.1}
        max={1440}
        value={action.timeLimitMs / 60_000}
        error={errors["action.timeLimitMs"]}
        onChange={(value) => {
          onChange({ ...action, timeLimitMs: Math.round(Number(value) * 60_000) });
        }}
      />
      <ActionVariables
        variables={action.environment}
        kept={kept}
        errors={errors}
        onChange={(environment) => {
          onChange({ ...action, environment });
        }}
      />
    </>
  );
}

function UrlFields({ action, apps, errors, onChange }: FieldsProps<Extract<Action, { kind: "url" }>>) {
  const ports = apps.find(({ id }) => id === action.appId)?.processes.flatMap((process) => process.ports) ?? [];
  const { port: _, ...rest } = action;
  return (
    <>
      <div className={classes["pair"]}>
        <AppSelect
          apps={apps}
          errors={errors}
          appId={action.appId}
          onPick={(appId) => {
            onChange({ ...rest, appId });
          }}
        />
        <Select
          label="Port"
          placeholder="first port of the app"
          clearable
          data={[...new Set(ports)].map(String)}
          value={action.port === undefined ? null : String(action.port)}
          error={errors["action.port"]}
          onChange={(port) => {
            onChange(port === null ? rest : { ...action, port: Number(port) });
          }}
        />
      </div>
      <div className={classes["pair"]}>
        <Select
          label="Method"
          allowDeselect={false}
          data={["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]}
          value={action.method}
          onChange={(method) => {
            onChange({ ...action, method: method ?? "GET" });
          }}
        />
        <TextInput
          label="Path"
          classNames={{ input: "mono" }}
          value={action.path}
          error={errors["action.path"]}
          onChange={(event) => {
            onChange({ ...action, path: event.currentTarget.value });
          }}
        />
      </div>
      <div className={classes["pair"]}>
        <NumberInput
          label="Expected status"
          min={100}
          max={599}
          allowDecimal={false}
          value={action.expectedStatus}
          error={errors["action.expectedStatus"]}
          onChange={(value) => {
            onChange({ ...action, expectedStatus: Number(value) });
          }}
        />
        <NumberInput
          label="Time limit, seconds"
          min={0.1}
          max={300}
          value={action.timeoutMs / 1_000}
          error={errors["action.timeoutMs"]}
          onChange={(value) => {
            onChange({ ...action, timeoutMs: Math.round(Number(value) * 1_000) });
          }}
        />
      </div>
      <p className={classes["sub"]}>Only ports of registered apps on this machine can be called.</p>
    </>
  );
}

interface AppSelectProps {
  apps: readonly App[];
  appId: string;
  errors: Readonly<Record<string, string>>;
  onPick: (appId: string) => void;
}

function AppSelect({ apps, appId, errors, onPick }: AppSelectProps) {
  return (
    <Select
      label="App"
      placeholder={apps.length === 0 ? "No app registered yet" : "Pick an app"}
      allowDeselect={false}
      searchable
      data={apps.map(({ id, name }) => ({ value: id, label: name }))}
      value={appId === "" ? null : appId}
      error={errors["action.appId"]}
      onChange={(value) => {
        if (value !== null) onPick(value);
      }}
    />
  );
}
