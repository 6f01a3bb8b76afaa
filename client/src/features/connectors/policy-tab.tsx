import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import type { ConnectorPolicy, ConnectorView, PolicyView } from "../../../../contract/features/connectors.ts";
import { ApiError, fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useDraft } from "../../lib/drafts.ts";
import { undoToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import classes from "./connectors.module.css";
import { draftAbout } from "./draft-about.ts";
import { changesBetween, type FieldChange } from "./policy-changes.ts";
import { policyLabel, policyParts, toPolicy, toValues } from "./policy-fields.ts";
import { PolicyHistory } from "./policy-history.tsx";
import { onTop } from "./policy-merge.ts";
import { PolicySimulation } from "./policy-simulation.tsx";

/** What calls of the connector may do, what that means for the phone, and who changed it. */
export function PolicyTab({ connector }: { connector: ConnectorView }) {
  const input = { params: { id: connector.id } };
  const { data, error, isPending, refetch } = useQuery(callQuery("connectors.policy", input));
  if (isPending) return <LoadingState rows={6} rowHeight={56} label="Loading the policy" />;
  if (data === undefined)
    return <ErrorState title="Could not load the policy" error={error} onRetry={() => void refetch()} />;
  return <Editor connector={connector} view={data} />;
}

function usePolicyForm({ id, title, operations }: ConnectorView, view: PolicyView) {
  const client = useQueryClient();
  const queryKey = callKey("connectors.policy", { params: { id } });
  const { revision } = view;
  const now = toValues(view.policy);
  /** `base` and `from`: what it was begun with. */
  const start = { base: revision, from: now, values: now };
  const draft = useDraft(`policy:${id}`, draftAbout(id, `The policy of ${title}`), start);
  const { base, from, values } = draft.value;
  const [problems, setProblems] = useState<Record<string, string>>({});
  const parts = useMemo(() => policyParts(operations), [operations]);
  const save = useMutation({
    mutationFn: ({ policy, basedOn }: { policy: ConnectorPolicy; basedOn: string }) =>
      call("connectors.putPolicy", { params: { id }, body: { ...policy, basedOn } }),
    onSuccess: (changed) => {
      draft.drop();
      client.setQueryData(queryKey, changed);
    },
    onError: async (error) => {
      if (isConflict(error)) await client.invalidateQueries({ queryKey });
    },
  });
  const change = (next: Values): void => {
    draft.set({ base, from, values: next });
    setProblems({});
    if (save.isError) save.reset();
  };
  return {
    parts,
    values,
    save,
    change,
    isUnsaved: draft.isUnsaved,
    /** What was changed elsewhere since; `null` while that is nothing. While it is saved the change is its own. */
    elsewhere: base === revision || save.isPending ? null : changesBetween(toPolicy(from), view.policy),
    errors: { ...fieldErrors(save.error), ...problems },
    /** Not what stands at the fields. */
    error: isConflict(save.error) && base !== revision ? null : unlessAtFields(save.error, Object.keys(view.policy)),
    async submit() {
      const found = problemsOf(
        parts.flatMap(({ fields }) => fields),
        values,
      );
      setProblems(found);
      if (Object.keys(found).length > 0) return;
      const { revision: saved } = await save.mutateAsync({ policy: toPolicy(values), basedOn: base });
      undoToast(`The policy of ${title} is saved`, () => save.mutateAsync({ policy: view.policy, basedOn: saved }));
    },
    /** Makes what was changed here to what holds now; it is not saved by that. */
    takeOver() {
      draft.set({ base: revision, from: now, values: onTop({ from, mine: values, now }) });
      save.reset();
    },
    reset() {
      draft.drop();
      setProblems({});
      save.reset();
    },
  };
}

function Editor({ connector, view }: { connector: ConnectorView; view: PolicyView }) {
  const { parts, values, errors, error, save, isUnsaved, elsewhere, change, submit, takeOver, reset } = usePolicyForm(
    connector,
    view,
  );
  // The field may be far above the button.
  const wrong = [...new Set(Object.keys(errors).map((path) => policyLabel(path.split(".")[0] ?? "")))];
  return (
    <div className={classes["split"]}>
      <form
        className={classes["form"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit().catch(() => undefined); // said below the form
        }}
      >
        {view.problem === null ? null : (
          <Notice tone="warn">
            Nothing is allowed until this policy is saved, so look whether it is as it should be. {view.problem}.
          </Notice>
        )}
        <div>
          {parts.map(({ title, fields }) => (
            <Section key={title} title={title}>
              <SchemaForm fields={fields} values={values} errors={errors} onChange={change} />
            </Section>
          ))}
        </div>
        <FormError error={error} />
        {elsewhere === null ? null : <Elsewhere changes={elsewhere} onTakeOver={takeOver} onDrop={reset} />}
        {wrong.length === 0 ? null : (
          <Notice tone="bad">
            <p role="alert">Not saved. Look at {wrong.join(", ")}.</p>
          </Notice>
        )}
        <div className={classes["buttons"]}>
          <Button type="submit" variant="filled" loading={save.isPending} disabled={elsewhere !== null}>
            Save the policy
          </Button>
          <Button onClick={reset} disabled={!isUnsaved}>
            Take changes back
          </Button>
          {isUnsaved ? <span className={classes["sub"]}>Not saved yet</span> : null}
          {view.isDefault && !isUnsaved ? <span className={classes["sub"]}>This is the usual policy.</span> : null}
        </div>
      </form>
      <div>
        <PolicySimulation connector={connector} policy={toPolicy(values)} />
        <PolicyHistory
          history={view.history}
          current={view.policy}
          onBring={(policy) => {
            save.mutate({ policy, basedOn: view.revision });
          }}
        />
      </div>
    </div>
  );
}

interface ElsewhereProps {
  changes: readonly FieldChange[];
  onTakeOver: () => void;
  onDrop: () => void;
}

/** Somebody has saved the policy since the form was begun: neither is put in the place of the other unasked. */
function Elsewhere({ changes, onTakeOver, onDrop }: ElsewhereProps) {
  return (
    <Notice tone="warn">
      <p role="alert">The policy was changed elsewhere meanwhile. Your changes are not saved.</p>
      {changes.map(({ label, text }) => (
        <p key={label}>
          {label}: <span className={classes["step"]}>{text}</span>
        </p>
      ))}
      <div className={`${classes["buttons"] ?? ""} ${classes["choose"] ?? ""}`}>
        <Button onClick={onTakeOver}>Apply mine to it</Button>
        <Button onClick={onDrop}>Drop mine and load it</Button>
      </div>
    </Notice>
  );
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === "conflict";
}
