import { Button, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Settings } from "../../../../contract/features/settings.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { undoToast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./system.module.css";

const editors = [
  { value: "vscode://file{folder}", label: "VS Code" },
  { value: "vscodium://file{folder}", label: "VSCodium" },
  { value: "cursor://file{folder}", label: "Cursor" },
  { value: "windsurf://file{folder}", label: "Windsurf" },
  { value: "zed://file{folder}", label: "Zed" },
  { value: "idea://open?file={folder}", label: "IntelliJ IDEA" },
  { value: "subl://open?url=file://{folder}", label: "Sublime Text" },
];

/** The settings as a form: nothing is sent before Save, and a save can be undone. */
export function SettingsForm({ saved }: { saved: Settings }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(saved);
  const put = async (settings: Settings): Promise<Settings> => {
    const stored = await call("settings.put", { body: settings });
    client.setQueryData(callKey("settings.get"), stored);
    return stored;
  };
  const save = useMutation({
    mutationFn: put,
    onSuccess: () => {
      undoToast("Settings saved", () => put(saved));
    },
  });
  const errors = fieldErrors(save.error);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(saved);
  const change = (patch: Partial<Settings>): void => {
    setDraft({ ...draft, ...patch });
  };
  return (
    <form
      className={classes["narrow"]}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      <Section title="General" isCard>
        <Field label="Machine name" text="Shown in the header and in notifications. Empty: the name of the machine.">
          <TextInput
            aria-label="Machine name"
            maxLength={60}
            value={draft.machineName}
            error={errors["machineName"]}
            onChange={(event) => {
              change({ machineName: event.currentTarget.value });
            }}
          />
        </Field>
        <Field label="Editor" text="Opens the folder of an app on the device you sit at.">
          <Select
            aria-label="Editor"
            allowDeselect={false}
            data={
              editors.some((editor) => editor.value === draft.editorUrl)
                ? editors
                : [...editors, { value: draft.editorUrl, label: draft.editorUrl }]
            }
            value={draft.editorUrl}
            error={errors["editorUrl"]}
            onChange={(value) => {
              if (value !== null) change({ editorUrl: value });
            }}
          />
        </Field>
      </Section>
      <Retention draft={draft} errors={errors} change={change} />
      <Section title="Approvals" isCard>
        <Days
          label="Questions wait"
          text="A question of an agent that nobody has answered by then is denied."
          suffix=" minutes"
          value={draft.approvals.expireAfterMinutes}
          max={1_440}
          error={errors["approvals.expireAfterMinutes"]}
          onChange={(expireAfterMinutes) => change({ approvals: { expireAfterMinutes } })}
        />
      </Section>
      <Section title="Backups" isCard>
        <Field label="Daily backup" text="Once a day, as long as PortOS runs.">
          <Switch
            aria-label="Daily backup"
            checked={draft.backups.isDaily}
            onChange={(event) => {
              change({ backups: { ...draft.backups, isDaily: event.currentTarget.checked } });
            }}
          />
        </Field>
        <Days
          label="Backups to keep"
          text="Older ones are deleted; those made by hand are counted too."
          suffix=""
          value={draft.backups.keep}
          max={365}
          error={errors["backups.keep"]}
          onChange={(keep) => change({ backups: { ...draft.backups, keep } })}
        />
      </Section>
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div className={classes["save"]}>
        <Button type="submit" variant="filled" disabled={!isChanged} loading={save.isPending}>
          Save
        </Button>
        {isChanged ? (
          <Button
            variant="subtle"
            color="gray"
            onClick={() => {
              setDraft(saved);
            }}
          >
            Discard changes
          </Button>
        ) : null}
      </div>
    </form>
  );
}

interface RetentionProps {
  draft: Settings;
  errors: Record<string, string>;
  change: (patch: Partial<Settings>) => void;
}

function Retention({ draft, errors, change }: RetentionProps) {
  const { logs } = draft;
  return (
    <Section title="What is kept" isCard>
      <Days
        label="Rotate a log at"
        text="A log file that grows larger is put aside and a new one begun."
        suffix=" MB"
        value={logs.rotateAtMegabytes}
        max={1000}
        error={errors["logs.rotateAtMegabytes"]}
        onChange={(rotateAtMegabytes) => change({ logs: { ...logs, rotateAtMegabytes } })}
      />
      <Days
        label="Rotate a log after"
        text="A log file this old is put aside too, however small it is."
        value={logs.rotateAfterDays}
        max={365}
        error={errors["logs.rotateAfterDays"]}
        onChange={(rotateAfterDays) => change({ logs: { ...logs, rotateAfterDays } })}
      />
      <Days
        label="Rotated files per log"
        text="The oldest are deleted first."
        suffix=""
        value={logs.keepFiles}
        max={100}
        error={errors["logs.keepFiles"]}
        onChange={(keepFiles) => change({ logs: { ...logs, keepFiles } })}
      />
      <Days
        label="Logs"
        text="Rotated log files older than this are deleted."
        value={logs.keepDays}
        error={errors["logs.keepDays"]}
        onChange={(keepDays) => change({ logs: { ...logs, keepDays } })}
      />
      <Days
        label="All logs together"
        text="Beyond this the oldest rotated files are deleted, whosever they are."
        suffix=" MB"
        value={logs.totalMegabytes}
        max={1_000_000}
        error={errors["logs.totalMegabytes"]}
        onChange={(totalMegabytes) => change({ logs: { ...logs, totalMegabytes } })}
      />
      <Days
        label="History"
        text="User actions older than this are deleted."
        value={draft.history.keepDays}
        error={errors["history.keepDays"]}
        onChange={(keepDays) => change({ history: { keepDays } })}
      />
      <Days
        label="Evidence"
        text="Records of calls to the outside that are older than this are deleted; the chain says so and can still be proved."
        value={draft.evidence.keepDays}
        error={errors["evidence.keepDays"]}
        onChange={(keepDays) => change({ evidence: { keepDays } })}
      />
      <Days
        label="Terminal recordings"
        text="Recordings older than this are deleted."
        value={draft.terminal.recordingKeepDays}
        error={errors["terminal.recordingKeepDays"]}
        onChange={(recordingKeepDays) => change({ terminal: { recordingKeepDays } })}
      />
    </Section>
  );
}

interface DaysProps {
  label: string;
  text: string;
  value: number;
  error: string | undefined;
  onChange: (value: number) => void;
  max?: number;
  suffix?: string;
}

function Days({ label, text, value, error, onChange, max = 3650, suffix = " days" }: DaysProps) {
  return (
    <Field label={label} text={text}>
      <NumberInput
        aria-label={label}
        min={1}
        max={max}
        suffix={suffix}
        allowDecimal={false}
        value={value}
        error={error}
        onChange={(next) => {
          if (typeof next === "number") onChange(next);
        }}
      />
    </Field>
  );
}

function Field({ label, text, children }: { label: string; text: string; children: ReactNode }) {
  return (
    <div className={classes["field"]}>
      <div>
        <p className={classes["fieldLabel"]}>{label}</p>
        <p className={classes["fieldText"]}>{text}</p>
      </div>
      <div className={classes["control"]}>{children}</div>
    </div>
  );
}
