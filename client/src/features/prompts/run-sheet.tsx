import { Button, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { PromptSummary } from "../../../../contract/features/prompts.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { likelyProvider } from "../../lib/likely-provider.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import type { Values } from "./preview-pane.tsx";
import { givenValues } from "../../lib/prompt-values.ts";
import classes from "./prompts.module.css";

interface RunSheetProps {
  summary: PromptSummary;
  values: Values;
  isOpen: boolean;
  onClose: () => void;
}

/** Gives the prompt to a provider, in the version that is in force, or puts it on the board as a task. */
export function RunSheet({ summary, values, isOpen, onClose }: RunSheetProps) {
  return (
    <SideSheet title={`Run ${summary.title}`} isOpen={isOpen} onClose={onClose}>
      {isOpen ? <RunForm summary={summary} values={values} /> : null}
    </SideSheet>
  );
}

function RunForm({ summary, values }: Pick<RunSheetProps, "summary" | "values">) {
  const navigate = useNavigate();
  const { data } = useQuery(callQuery("providers.list"));
  const apps = useLiveApps().data ?? [];
  const providers = data?.providers.filter(({ isEnabled }) => isEnabled) ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const [appId, setAppId] = useState<string | null>(null);
  const providerId = chosen ?? likelyProvider(providers, data?.health ?? [])?.id ?? "";
  const known = new Set(summary.variables.map(({ name }) => name));
  const given = Object.fromEntries(Object.entries(givenValues(values)).filter(([name]) => known.has(name)));
  const start = useMutation({
    mutationFn: () =>
      call("runs.create", {
        body: {
          prompt: { kind: "template", promptId: summary.id, version: summary.version, values: given },
          choices: [{ providerId }],
          ...(appId === null ? {} : { appId }),
        },
      }),
    onSuccess: ({ runs }) => navigate({ to: "/agents/$runId", params: { runId: runs[0]?.id ?? "" } }),
  });
  const plan = useMutation({
    mutationFn: () =>
      call("tasks.create", {
        body: { title: summary.title, template: { promptId: summary.id, values: given }, appId, state: "draft" },
      }),
    onSuccess: ({ id }) => navigate({ to: "/agents/tasks/$taskId", params: { taskId: id } }),
  });
  if (data !== undefined && providers.length === 0)
    return (
      <div className={classes["form"]}>
        <p>No provider is turned on, so there is nobody to ask.</p>
        <ActionLink to="/providers">Go to Providers</ActionLink>
      </div>
    );
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <Select
        label="Provider"
        allowDeselect={false}
        data={providers.map(({ id, name }) => ({ value: id, label: name }))}
        value={providerId}
        onChange={setChosen}
      />
      <Select
        label="In the folder of"
        placeholder="No app: an empty folder of its own"
        clearable
        data={apps.map(({ id, name }) => ({ value: id, label: name }))}
        value={appId}
        onChange={setAppId}
      />
      <p className="dim">Version {summary.version}. It asks before it writes.</p>
      <FormError error={start.error ?? plan.error} />
      <div className={classes["formActions"]}>
        <Button
          loading={plan.isPending}
          onClick={() => {
            start.reset();
            plan.mutate();
          }}
        >
          Make a task of it
        </Button>
        <Button type="submit" variant="filled" loading={start.isPending} disabled={providerId === ""}>
          Start
        </Button>
      </div>
    </form>
  );
}
