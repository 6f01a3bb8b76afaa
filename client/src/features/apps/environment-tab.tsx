import { Button } from "@mantine/core";
import { useState } from "react";

import type { App, AppProcess } from "../../../../contract/features/apps.ts";
import { call } from "../../lib/api.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Section } from "../../ui/section.tsx";
import { toVariableInputs, toVariableRows, VariablesEditor } from "../../ui/variables-editor.tsx";
import { toInput } from "./app-model.ts";
import classes from "./apps.module.css";
import { useKeepApp } from "./use-apps.ts";

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
  const [rows, setRows] = useState(() => toVariableRows(process.environment));
  const [isDirty, setIsDirty] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (): Promise<void> => {
    const environment = toVariableInputs(rows);
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
      <FormError error={error} />
      <VariablesEditor
        rows={rows}
        onChange={(next) => {
          setRows(next);
          setIsDirty(true);
        }}
      >
        {isDirty ? (
          <Button type="submit" variant="filled">
            Save
          </Button>
        ) : null}
      </VariablesEditor>
    </form>
  );
}
