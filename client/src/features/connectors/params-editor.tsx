import { Button, SegmentedControl, Textarea } from "@mantine/core";
import { useMemo, useState } from "react";

import type { OperationView } from "../../../../contract/features/connectors.ts";
import { readJson } from "../../ui/schema-form/json-field.tsx";
import { fieldsOf, type Field, type JsonSchema } from "../../ui/schema-form/schema-fields.ts";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { fits, isRecord, problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import classes from "./connectors.module.css";

/** Arguments while they are written: as a form, or as JSON. */
export interface Params {
  readonly fields: readonly Field[];
  readonly values: Values;
  readonly problems: Readonly<Record<string, string>>;
  /** `null`: the form. */
  readonly text: string | null;
  readonly set: (values: Values) => void;
  readonly setText: (text: string | null) => void;
  /** What can be sent; `null` when something is missing, which is shown then. */
  readonly check: () => Values | null;
}

/** Arguments for a schema, to begin with none, or with an example. */
export function useParams(schema: JsonSchema, start: Values = {}): Params {
  const fields = useMemo(() => fieldsOf(schema) ?? [], [schema]);
  const [values, setValues] = useState<Values>(start);
  const [text, setText] = useState<string | null>(null);
  const [problems, setProblems] = useState<Record<string, string>>({});
  const set = (next: Values): void => {
    setValues(next);
    setProblems({});
    if (text !== null) setText(JSON.stringify(next, null, 2));
  };
  return {
    fields,
    values,
    text,
    problems,
    set,
    setText(next) {
      setText(next);
      setProblems({});
      const read = next === null ? values : (readJson(next) ?? {});
      if (isRecord(read)) setValues(read);
    },
    check() {
      if (text !== null) {
        const read = readJson(text) ?? {};
        setProblems(isRecord(read) ? {} : { "": "must be a JSON object" });
        return isRecord(read) ? read : null;
      }
      const found = problemsOf(fields, values);
      setProblems(found);
      return Object.keys(found).length === 0 ? values : null;
    },
  };
}

interface ParamsEditorProps {
  params: Params;
  examples: OperationView["examples"];
  errors: Readonly<Record<string, string>>;
}

/** The form, or the JSON behind it, with ready-made examples. */
export function ParamsEditor({ params, examples, errors }: ParamsEditorProps) {
  const { fields, values, text, problems } = params;
  const isJson = text !== null;
  const canBeForm = fits(fields, values);
  return (
    <>
      {fields.length === 0 ? (
        <p className={classes["sub"]}>It takes no arguments.</p>
      ) : (
        <div className={classes["line"]}>
          <SegmentedControl
            aria-label="How arguments are written"
            data={[
              { value: "form", label: "Form", disabled: !canBeForm },
              { value: "json", label: "JSON" },
            ]}
            value={isJson ? "json" : "form"}
            onChange={(value) => {
              params.setText(value === "json" ? JSON.stringify(values, null, 2) : null);
            }}
          />
          {canBeForm ? null : <span className={classes["sub"]}>Only JSON can hold all of this.</span>}
        </div>
      )}
      {examples.length === 0 || fields.length === 0 ? null : (
        <div className={classes["chips"]} role="group" aria-label="Examples">
          <span className={classes["sub"]}>Fill in an example:</span>
          {examples.map(({ title, input }) => (
            <Button
              key={title}
              onClick={() => {
                params.set(input);
              }}
            >
              {title}
            </Button>
          ))}
        </div>
      )}
      {isJson ? (
        <Textarea
          label="Arguments"
          autosize
          minRows={6}
          maxRows={24}
          spellCheck={false}
          classNames={{ input: "mono" }}
          value={text}
          error={problems[""]}
          onChange={(event) => {
            params.setText(event.currentTarget.value);
          }}
        />
      ) : (
        <SchemaForm fields={fields} values={values} errors={{ ...errors, ...problems }} onChange={params.set} />
      )}
    </>
  );
}
