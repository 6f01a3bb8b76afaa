import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import type { ConnectorView } from "../../../../contract/features/connectors.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { useDraft } from "../../lib/drafts.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { JsonText } from "../../ui/json-text.tsx";
import { Notice } from "../../ui/notice.tsx";
import { fieldsOf } from "../../ui/schema-form/schema-fields.ts";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { errorsBelow, problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import { Time } from "../../ui/time.tsx";
import { keepView } from "./connector-calls.ts";
import { draftAbout } from "./draft-about.ts";
import { issueText } from "./connector-words.ts";
import classes from "./connectors.module.css";

function useConfigForm({ id, title, configSchema, config, secrets }: ConnectorView) {
  const client = useQueryClient();
  const fields = useMemo(() => fieldsOf(configSchema) ?? [], [configSchema]);
  const draft = useDraft<Values>(`config:${id}`, draftAbout(id, `The configuration of ${title}`), config);
  const values = draft.value;
  const [problems, setProblems] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () => call("connectors.putConfig", { params: { id }, body: { config: { ...values } } }),
    onSuccess: (view) => {
      draft.drop();
      keepView(client, view);
      toast({ kind: "ok", text: `${title} is configured` });
    },
  });
  const said = errorsBelow(fieldErrors(save.error), "config");
  return {
    fields,
    values,
    save,
    isUnsaved: draft.isUnsaved,
    errors: { ...said, ...problems },
    /** Not what stands at the fields. */
    error: unlessAtFields(
      save.error,
      fields.map(({ name }) => `config.${name}`),
    ),
    change(next: Values) {
      draft.set(next);
      setProblems({});
    },
    submit() {
      // A secret that is set already needs not be given again.
      const needed = fields.filter(({ name }) => secrets[name]?.isSet !== true);
      const found = problemsOf(needed, values);
      setProblems(found);
      if (Object.keys(found).length === 0) save.mutate();
    },
    reset() {
      draft.drop();
      setProblems({});
      save.reset();
    },
  };
}

/** The configuration as a form made from its schema; secrets are written, never read. */
export function ConfigureTab({ connector }: { connector: ConnectorView }) {
  const { config, secrets, secretNames, issues, isConfigured, updatedAt } = connector;
  const { fields, values, errors, error, save, isUnsaved, change, submit, reset } = useConfigForm(connector);
  if (fields.length === 0)
    return <Notice tone="info">There is nothing to configure. Turn it on, and it can be used.</Notice>;
  const states = Object.fromEntries(secretNames.map((name) => [name, secrets[name] ?? { isSet: false, last4: null }]));
  return (
    <form
      className={`${classes["form"] ?? ""} ${classes["narrow"] ?? ""}`}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {isConfigured ? null : <Notice tone="warn">Not ready yet: {issueText(issues, fields)}.</Notice>}
      <SchemaForm fields={fields} values={values} errors={errors} secrets={states} onChange={change} />
      <FormError error={error} />
      <div className={classes["buttons"]}>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Save
        </Button>
        <Button onClick={reset} disabled={!isUnsaved}>
          Take changes back
        </Button>
        <span className={classes["sub"]}>
          {isUnsaved ? (
            "Not saved yet"
          ) : updatedAt === null ? (
            "Not changed yet"
          ) : (
            <>
              Changed <Time iso={updatedAt} />
            </>
          )}
        </span>
      </div>
      {Object.keys(config).length === 0 ? null : (
        <details className={classes["fold"]}>
          <summary className={classes["sub"]}>As it is stored, without secrets</summary>
          <JsonText value={config} label="Configuration" />
        </details>
      )}
    </form>
  );
}
