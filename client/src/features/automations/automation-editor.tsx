import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { AutomationView } from "../../../../contract/features/automations.ts";
import type { Variable } from "../../../../contract/features/variables.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { standingErrors } from "../../lib/standing-errors.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { ActionFields } from "./action-fields.tsx";
import { setEnabled, showView } from "./automation-calls.ts";
import { type Draft, draftOf, newDraft, withSchedule } from "./automation-draft.ts";
import classes from "./automations.module.css";
import { PolicyFields } from "./policy-fields.tsx";
import { ScheduleFields } from "./schedule-fields.tsx";

interface AutomationEditorProps {
  isOpen: boolean;
  /** The automation to change; a new one without it. */
  view: AutomationView | undefined;
  /** What a new one starts with. */
  start?: Draft | undefined;
  onClose: () => void;
}

/** Creates or changes an automation in a panel over the page. */
export function AutomationEditor({ isOpen, view, start, onClose }: AutomationEditorProps) {
  return (
    <SideSheet
      title={view === undefined ? "New automation" : `Edit ${view.automation.name}`}
      isOpen={isOpen}
      onClose={onClose}
      width={560}
    >
      {isOpen ? (
        <EditorForm
          key={view?.automation.id ?? "new"}
          view={view}
          start={view === undefined ? (start ?? newDraft()) : draftOf(view)}
          onClose={onClose}
        />
      ) : null}
    </SideSheet>
  );
}

/** Deep within an argument there is no field of its own. */
function isAtField(path: string): boolean {
  return !/^action\.steps\.\d+\.params\.[^.]+\./.test(path);
}

function keptVariables(view: AutomationView | undefined): readonly Variable[] {
  const action = view?.automation.action;
  return action?.kind === "command" ? action.environment : [];
}

function EditorForm({ view, start, onClose }: { view: AutomationView | undefined; start: Draft; onClose: () => void }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(start);
  const [sent, setSent] = useState(start);
  const save = useMutation({
    mutationFn: () => {
      setSent(draft);
      return view === undefined
        ? call("automations.create", { body: draft })
        : call("automations.update", { params: { id: view.automation.id }, body: draft });
    },
    onSuccess: (saved) => {
      showView(client, saved);
      onClose();
      if (view !== undefined) return;
      toast({
        kind: "ok",
        text: `${saved.automation.name} is saved and still off`,
        action: { label: "Turn on", run: () => setEnabled(client, saved, true) },
      });
    },
  });
  const errors = standingErrors(fieldErrors(save.error), sent, draft);
  const hasStanding = Object.keys(errors).length > 0 || Object.keys(fieldErrors(save.error)).length === 0;
  const change = (patch: Partial<Draft>): void => {
    setDraft((current) => ({ ...current, ...patch }));
  };
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label="Name"
        placeholder="Back up the database"
        maxLength={120}
        data-autofocus
        value={draft.name}
        error={errors["name"]}
        onChange={(event) => {
          change({ name: event.currentTarget.value });
        }}
      />
      <ScheduleFields
        schedule={draft.schedule}
        errors={errors}
        onChange={(schedule) => {
          setDraft((current) => withSchedule(current, schedule));
        }}
      />
      <ActionFields
        action={draft.action}
        schedule={draft.schedule}
        kept={keptVariables(view)}
        automationId={view?.automation.id}
        errors={errors}
        onChange={(action) => {
          change({ action });
        }}
      />
      <PolicyFields draft={draft} errors={errors} onChange={change} />
      <FormError
        error={hasStanding ? save.error : null}
        shown={Object.keys(fieldErrors(save.error)).filter((path) => !(path in errors) || isAtField(path))}
      />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          {view === undefined ? "Create, turned off" : "Save"}
        </Button>
      </div>
    </form>
  );
}
