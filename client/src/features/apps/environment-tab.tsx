import { Button, Checkbox, PasswordInput, TextInput, ActionIcon } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";

import type { App, AppProcess, VariableInput } from "../../../../contract/features/apps.ts";
import { call } from "../../lib/api.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Section } from "../../ui/section.tsx";
import { toInput } from "./app-model.ts";
import classes from "./apps.module.css";
import { useKeepApp } from "./use-apps.ts";

interface Row {
  key: number;
  name: string;
  /** `null`: a secret that stays what it is. */
  value: string | null;
  isSecret: boolean;
  last4: string | null;
}

let nextKey = 1;

/** Variables of each process. Secrets can be replaced, never read. */
export function EnvironmentTab({ app }: { app: App }) {
  return (
    <>
      <p className="dim" style={{ marginBottom: 12, maxWidth: 640 }}>
        Handed over when a process starts, beside the paths and language settings of this machine. A change takes effect
        at the next restart. Secrets are stored sealed; no page shows them again.
      </p>
      {app.processes.map((process) => (
        <Section key={process.name} title={process.name}>
          <VariablesForm key={app.updatedAt} app={app} process={process} />
        </Section>
      ))}
      {app.processes.length === 0 ? <p className="dim">No process yet.</p> : null}
    </>
  );
}

function VariablesForm({ app, process }: { app: App; process: AppProcess }) {
  const keep = useKeepApp();
  const [rows, setRows] = useState<Row[]>(() => process.environment.map((entry) => ({ ...entry, key: nextKey++ })));
  const [isDirty, setIsDirty] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const change = (next: Row[]): void => {
    setRows(next);
    setIsDirty(true);
  };
  const patch = (key: number, part: Partial<Row>): void => {
    change(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  };
  const save = async (): Promise<void> => {
    const environment = rows.map(({ name, value, isSecret }): VariableInput =>
      value === null ? { name, isSecret } : { name, value, isSecret },
    );
    const processes = app.processes.map((entry) =>
      entry.name === process.name ? { ...toInput(entry), environment } : toInput(entry),
    );
    try {
      keep(await call("apps.update", { params: { id: app.id }, body: { processes } }));
      toast({
        kind: "ok",
        text: `Saved the environment of ${process.name}`,
        detail: "It takes effect at the next restart.",
      });
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
      {rows.map((row) => (
        <VariableRow
          key={row.key}
          row={row}
          onChange={(part) => {
            patch(row.key, part);
          }}
          onRemove={() => {
            change(rows.filter(({ key }) => key !== row.key));
          }}
        />
      ))}
      <FormError error={error} />
      <div className={classes["buttons"]}>
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            change([...rows, { key: nextKey++, name: "", value: "", isSecret: false, last4: null }]);
          }}
        >
          Add a variable
        </Button>
        {isDirty ? (
          <Button type="submit" variant="filled">
            Save
          </Button>
        ) : null}
      </div>
    </form>
  );
}

interface VariableRowProps {
  row: Row;
  onChange: (part: Partial<Row>) => void;
  onRemove: () => void;
}

function VariableRow({ row, onChange, onRemove }: VariableRowProps) {
  const kept = row.last4 === null ? "unchanged" : `unchanged, ends in ${row.last4}`;
  const Input = row.isSecret ? PasswordInput : TextInput;
  return (
    <div className={classes["variable"]}>
      <TextInput
        aria-label="Name of the variable"
        placeholder="NAME"
        value={row.name}
        classNames={{ input: "mono" }}
        onChange={(event) => {
          onChange({ name: event.currentTarget.value.trim() });
        }}
      />
      <Input
        aria-label={`Value of ${row.name || "the variable"}`}
        placeholder={row.value === null ? kept : "value"}
        value={row.value ?? ""}
        autoComplete="off"
        onChange={(event) => {
          onChange({ value: event.currentTarget.value });
        }}
      />
      <Checkbox
        label="Secret"
        checked={row.isSecret}
        onChange={(event) => {
          const isSecret = event.currentTarget.checked;
          onChange(isSecret ? { isSecret } : { isSecret, value: row.value ?? "" });
        }}
      />
      <ActionIcon aria-label={`Remove ${row.name || "this variable"}`} onClick={onRemove}>
        <IconX size={15} />
      </ActionIcon>
    </div>
  );
}
