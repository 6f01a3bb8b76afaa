import { Button, Checkbox, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";

import type { ProcessInput, Run } from "../../../../contract/features/apps.ts";
import { FormError } from "../../ui/form-error.tsx";
import classes from "./apps.module.css";
import { formatCommand, parseCommand, parsePorts, shellSign } from "./command-text.ts";

interface ProcessFormProps {
  process: ProcessInput;
  onSave: (process: ProcessInput) => Promise<void>;
  saveLabel: string;
}

const kinds: { value: Run["kind"]; label: string }[] = [
  { value: "command", label: "A command" },
  { value: "npm-script", label: "A script of package.json" },
  { value: "ecosystem", label: "An app of the project's PM2 file" },
  { value: "linked", label: "A process of an existing PM2" },
];

function emptyRun(kind: Run["kind"]): Run {
  if (kind === "command") return { kind, command: [] };
  if (kind === "npm-script") return { kind, manager: "npm", script: "dev", arguments: [] };
  if (kind === "ecosystem") return { kind, file: "ecosystem.config.cjs", name: "" };
  return { kind: "linked", home: "user", name: "" };
}

/** Edits one process of an app. */
export function ProcessForm({ process, onSave, saveLabel }: ProcessFormProps) {
  const [draft, setDraft] = useState(process);
  const [ports, setPorts] = useState(process.ports.join(", "));
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const parsedPorts = parsePorts(ports);
  const patch = (part: Partial<ProcessInput>): void => {
    setDraft({ ...draft, ...part });
  };
  const save = async (): Promise<void> => {
    setIsBusy(true);
    try {
      await onSave({ ...draft, ports: parsedPorts ?? [] });
    } catch (failure) {
      setError(failure);
    }
    setIsBusy(false);
  };
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (parsedPorts !== null) void save();
      }}
    >
      <TextInput
        label="Name"
        required
        value={draft.name}
        onChange={(event) => {
          patch({ name: event.currentTarget.value });
        }}
      />
      <Select
        label="What it runs"
        allowDeselect={false}
        data={kinds}
        value={draft.run.kind}
        onChange={(value) => {
          const kind = kinds.find((entry) => entry.value === value)?.value;
          if (kind !== undefined) patch({ run: kind === process.run.kind ? process.run : emptyRun(kind) });
        }}
      />
      <RunFields
        run={draft.run}
        onChange={(run) => {
          patch({ run });
        }}
      />
      {draft.run.kind === "linked" ? null : (
        <>
          <div className={classes["pair"]}>
            <TextInput
              label="Folder"
              description="Relative to the app's folder"
              value={draft.cwd}
              onChange={(event) => {
                patch({ cwd: event.currentTarget.value });
              }}
            />
            <TextInput
              label="Ports"
              description="The first one is handed over as PORT"
              placeholder="3000"
              value={ports}
              error={parsedPorts === null ? "Numbers from 1 to 65535" : null}
              onChange={(event) => {
                setPorts(event.currentTarget.value);
              }}
            />
          </div>
          <NumberInput
            label="Restart above"
            description="Memory in MB; empty for no limit"
            min={16}
            value={draft.maxMemoryBytes === null ? "" : Math.round(draft.maxMemoryBytes / 1_048_576)}
            onChange={(value) => {
              patch({ maxMemoryBytes: typeof value === "number" && value > 0 ? value * 1_048_576 : null });
            }}
          />
          <Checkbox
            label="Start it again when it ends by itself"
            checked={draft.isRestarted}
            onChange={(event) => {
              patch({ isRestarted: event.currentTarget.checked });
            }}
          />
        </>
      )}
      <Checkbox
        label="Start it with the app"
        checked={draft.isStartedWithApp}
        onChange={(event) => {
          patch({ isStartedWithApp: event.currentTarget.checked });
        }}
      />
      <FormError error={error} />
      <div className={classes["buttons"]}>
        <Button type="submit" variant="filled" loading={isBusy}>
          {saveLabel}
        </Button>
      </div>
    </form>
  );
}

function RunFields({ run, onChange }: { run: Run; onChange: (run: Run) => void }) {
  const [line, setLine] = useState(run.kind === "command" ? formatCommand(run.command) : "");
  if (run.kind === "command") {
    const sign = shellSign(line);
    return (
      <TextInput
        label="Command"
        description="A program and its arguments; no shell is involved"
        placeholder="node server.js --port 3000"
        required
        classNames={{ input: "mono" }}
        value={line}
        error={sign === null ? null : `${sign} needs a shell: write sh -c '…', or use separate processes`}
        onChange={(event) => {
          setLine(event.currentTarget.value);
          onChange({ kind: "command", command: parseCommand(event.currentTarget.value) });
        }}
      />
    );
  }
  if (run.kind === "npm-script") {
    return (
      <div className={classes["pair"]}>
        <Select
          label="With"
          allowDeselect={false}
          data={["npm", "pnpm", "yarn", "bun"]}
          value={run.manager}
          onChange={(value) => {
            onChange({ ...run, manager: value ?? "npm" });
          }}
        />
        <TextInput
          label="Script"
          required
          value={run.script}
          onChange={(event) => {
            onChange({ ...run, script: event.currentTarget.value });
          }}
        />
      </div>
    );
  }
  if (run.kind === "ecosystem") {
    return (
      <div className={classes["pair"]}>
        <TextInput
          label="File"
          required
          value={run.file}
          onChange={(event) => {
            onChange({ ...run, file: event.currentTarget.value });
          }}
        />
        <TextInput
          label="Name in the file"
          required
          value={run.name}
          onChange={(event) => {
            onChange({ ...run, name: event.currentTarget.value });
          }}
        />
      </div>
    );
  }
  return (
    <TextInput
      label="Name in PM2"
      description={run.home === "user" ? "In your own PM2 (~/.pm2)" : "In the PM2 of PortOS"}
      required
      value={run.name}
      onChange={(event) => {
        onChange({ ...run, name: event.currentTarget.value });
      }}
    />
  );
}
