import { ActionIcon, Button, NumberInput, Textarea, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { WorktreeSetup as Setup } from "../../../../contract/features/worktrees.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { toast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconPlus, IconX } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import classes from "./worktrees.module.css";

const minuteMs = 60_000;

/** How worktrees of an app are made ready for agents, and which commands say whether their work is good. */
export function WorktreeSetup({ appId }: { appId: string }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("worktrees.setup", { params: { app: appId } }));
  if (isPending) return <LoadingState rows={4} rowHeight={56} label="Loading the set-up" />;
  if (error !== null)
    return <ErrorState title="Could not load the set-up" error={error} onRetry={() => void refetch()} />;
  return <Form key={appId} appId={appId} setup={data} />;
}

function Form({ appId, setup }: { appId: string; setup: Setup }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(setup);
  const [files, setFiles] = useState(setup.copiedFiles.join("\n"));
  const [error, setError] = useState<unknown>(null);
  const errors = fieldErrors(error);
  const fileError = Object.entries(errors).find(([path]) => path.startsWith("copiedFiles"))?.[1];
  const save = async (): Promise<void> => {
    setError(null);
    try {
      const copiedFiles = files.split("\n").map((line) => line.trim());
      const body = { ...draft, copiedFiles: copiedFiles.filter((line) => line !== "") };
      const saved = await call("worktrees.putSetup", { params: { app: appId }, body });
      client.setQueryData(callKey("worktrees.setup", { params: { app: appId } }), saved);
      toast({ kind: "ok", text: "Saved how agents work on it" });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <p className={classes["lead"]}>
        A run with a worktree works on a fresh copy of the last commit. Say here what that copy needs before an agent
        can start, and how its work is checked.
      </p>
      <Textarea
        label="Set-up command"
        description="Run once in every new worktree by your login shell. If it fails, so does the run, and no agent is asked."
        placeholder="npm ci"
        autosize
        minRows={1}
        maxRows={8}
        spellCheck={false}
        classNames={{ input: "mono" }}
        value={draft.setupCommand}
        error={errors["setupCommand"]}
        onChange={(event) => {
          setDraft({ ...draft, setupCommand: event.currentTarget.value });
        }}
      />
      <NumberInput
        className={classes["minutes"] ?? ""}
        label="It may take"
        suffix=" min"
        min={1}
        max={60}
        hideControls
        value={Math.round(draft.setupTimeoutMs / minuteMs)}
        error={errors["setupTimeoutMs"]}
        onChange={(value) => {
          if (typeof value === "number") setDraft({ ...draft, setupTimeoutMs: value * minuteMs });
        }}
      />
      <Textarea
        label="Files to copy"
        description="Files and folders git does not track, one per line, within the app's folder. Links that lead out of it are not followed."
        placeholder={".env\nconfig/local.json"}
        autosize
        minRows={2}
        maxRows={10}
        spellCheck={false}
        classNames={{ input: "mono" }}
        value={files}
        error={fileError}
        onChange={(event) => {
          setFiles(event.currentTarget.value);
        }}
      />
      <Checks
        checks={draft.checks}
        errors={errors}
        onChange={(checks) => {
          setDraft({ ...draft, checks });
        }}
      />
      <FormError error={error} shown={Object.keys(errors)} />
      <div>
        <Button type="submit" variant="filled">
          Save
        </Button>
      </div>
    </form>
  );
}

interface ChecksProps {
  checks: Setup["checks"];
  errors: Readonly<Record<string, string>>;
  onChange: (checks: Setup["checks"]) => void;
}

function Checks({ checks, errors, onChange }: ChecksProps) {
  const change = (index: number, part: Partial<Setup["checks"][number]>): void => {
    onChange(checks.map((check, at) => (at === index ? { ...check, ...part } : check)));
  };
  return (
    <fieldset className={classes["group"]}>
      <legend>Checks</legend>
      <p className={classes["hint"]}>Commands that say whether the work is good. They run when you review it.</p>
      {checks.map((check, index) => (
        <div key={index} className={classes["check"]}>
          <TextInput
            aria-label={`Name of check ${String(index + 1)}`}
            placeholder="Tests"
            value={check.name}
            error={errors[`checks.${String(index)}.name`]}
            onChange={(event) => {
              change(index, { name: event.currentTarget.value });
            }}
          />
          <TextInput
            aria-label={`Command of check ${String(index + 1)}`}
            placeholder="npm test"
            spellCheck={false}
            classNames={{ input: "mono" }}
            value={check.command}
            error={errors[`checks.${String(index)}.command`]}
            onChange={(event) => {
              change(index, { command: event.currentTarget.value });
            }}
          />
          <NumberInput
            aria-label={`Minutes check ${String(index + 1)} may take`}
            suffix=" min"
            min={1}
            max={60}
            hideControls
            value={Math.round(check.timeoutMs / minuteMs)}
            onChange={(value) => {
              if (typeof value === "number") change(index, { timeoutMs: value * minuteMs });
            }}
          />
          <ActionIcon
            aria-label={`Remove check ${check.name === "" ? String(index + 1) : check.name}`}
            onClick={() => {
              onChange(checks.filter((_, at) => at !== index));
            }}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button
          leftSection={<IconPlus size={14} />}
          disabled={checks.length >= 10}
          onClick={() => {
            onChange([...checks, { name: "", command: "", timeoutMs: 15 * minuteMs }]);
          }}
        >
          Add a check
        </Button>
      </div>
    </fieldset>
  );
}
