import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import type { ConnectorView, PolicyView } from "../../../../contract/features/connectors.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
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
import { policyLabel, policyParts, toPolicy, toValues } from "./policy-fields.ts";
import { PolicyHistory } from "./policy-history.tsx";
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
  /** Change of the policy it was begun with. */
  const base = view.history[0]?.at ?? null;
  const start = { base, values: toValues(view.policy) };
  const draft = useDraft(`policy:${id}`, draftAbout(id, `The policy of ${title}`), start);
  const { values } = draft.value;
  const [problems, setProblems] = useState<Record<string, string>>({});
  const parts = useMemo(() => policyParts(operations), [operations]);
  const save = useMutation({
    mutationFn: (policy: ReturnType<typeof toPolicy>) => call("connectors.putPolicy", { params: { id }, body: policy }),
    onSuccess: (changed) => {
      draft.drop();
      client.setQueryData(callKey("connectors.policy", { params: { id } }), changed);
    },
  });
  const change = (next: Values): void => {
    draft.set({ base: draft.value.base, values: next });
    setProblems({});
    if (save.isError) save.reset();
  };
  return {
    parts,
    values,
    save,
    change,
    isUnsaved: draft.isUnsaved,
    isOutdated: draft.value.base !== base,
    errors: { ...fieldErrors(save.error), ...problems },
    /** Not what stands at the fields. */
    error: unlessAtFields(save.error, Object.keys(view.policy)),
    async submit() {
      const found = problemsOf(
        parts.flatMap(({ fields }) => fields),
        values,
      );
      setProblems(found);
      if (Object.keys(found).length > 0) return;
      await save.mutateAsync(toPolicy(values));
      undoToast(`The policy of ${title} is saved`, () => save.mutateAsync(view.policy));
    },
    reset() {
      draft.drop();
      setProblems({});
      save.reset();
    },
  };
}

function Editor({ connector, view }: { connector: ConnectorView; view: PolicyView }) {
  const { parts, values, errors, error, save, isUnsaved, isOutdated, change, submit, reset } = usePolicyForm(
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
        {isOutdated ? (
          <Notice tone="warn">
            The policy was changed elsewhere meanwhile. Saving puts yours in its place; take your changes back to see
            it.
          </Notice>
        ) : null}
        <div>
          {parts.map(({ title, fields }) => (
            <Section key={title} title={title}>
              <SchemaForm fields={fields} values={values} errors={errors} onChange={change} />
            </Section>
          ))}
        </div>
        <FormError error={error} />
        {wrong.length === 0 ? null : (
          <Notice tone="bad">
            <p role="alert">Not saved. Look at {wrong.join(", ")}.</p>
          </Notice>
        )}
        <div className={classes["buttons"]}>
          <Button type="submit" variant="filled" loading={save.isPending}>
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
            save.mutate(policy);
          }}
        />
      </div>
    </div>
  );
}
