import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import type { ConnectorView, PolicyView } from "../../../../contract/features/connectors.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { undoToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import classes from "./connectors.module.css";
import { policyParts, toPolicy, toValues } from "./policy-fields.ts";
import { PolicyHistory } from "./policy-history.tsx";
import { PolicySimulation } from "./policy-simulation.tsx";

/** What calls of the connector may do, what that means for the phone, and who changed it. */
export function PolicyTab({ connector }: { connector: ConnectorView }) {
  const input = { params: { id: connector.id } };
  const { data, error, isPending, refetch } = useQuery(callQuery("connectors.policy", input));
  if (isPending) return <LoadingState rows={6} rowHeight={56} label="Loading the policy" />;
  if (data === undefined)
    return <ErrorState title="Could not load the policy" error={error} onRetry={() => void refetch()} />;
  // A policy that was changed elsewhere, or brought back, is shown as it is now.
  return <Editor key={data.history[0]?.at ?? "default"} connector={connector} view={data} />;
}

function usePolicyForm({ id, title, operations }: ConnectorView, view: PolicyView) {
  const client = useQueryClient();
  const [values, setValues] = useState(() => toValues(view.policy));
  const [problems, setProblems] = useState<Record<string, string>>({});
  const parts = useMemo(() => policyParts(operations), [operations]);
  const save = useMutation({
    mutationFn: (policy: ReturnType<typeof toPolicy>) => call("connectors.putPolicy", { params: { id }, body: policy }),
    onSuccess: (changed) => {
      client.setQueryData(callKey("connectors.policy", { params: { id } }), changed);
    },
  });
  const change = (next: Values): void => {
    setValues(next);
    setProblems({});
  };
  return {
    parts,
    values,
    save,
    change,
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
      change(toValues(view.policy));
      save.reset();
    },
  };
}

function Editor({ connector, view }: { connector: ConnectorView; view: PolicyView }) {
  const { parts, values, errors, error, save, change, submit, reset } = usePolicyForm(connector, view);
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
        <div className={classes["buttons"]}>
          <Button type="submit" variant="filled" loading={save.isPending}>
            Save the policy
          </Button>
          <Button onClick={reset}>Take changes back</Button>
          {view.isDefault ? <span className={classes["sub"]}>This is the usual policy.</span> : null}
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
