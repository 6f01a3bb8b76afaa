import { NativeSelect, SegmentedControl, Textarea } from "@mantine/core";
import { useMemo, useState } from "react";

import type { ConnectorStep } from "../../../../contract/features/automation-connectors.ts";
import { readJson } from "../../ui/schema-form/json-field.tsx";
import { fieldsOf, type Field, type JsonSchema } from "../../ui/schema-form/schema-fields.ts";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { errorsBelow, fits, isRecord, type Values, withValue } from "../../ui/schema-form/schema-values.ts";
import classes from "./automations.module.css";
import { hasPlace, type PlaceChoice, sendable } from "./connector-draft.ts";

interface PlaceFieldsProps {
  schema: JsonSchema;
  params: ConnectorStep["params"];
  /** What can stand in a place. */
  choices: readonly { group: string; items: readonly PlaceChoice[] }[];
  /** By path below the arguments. */
  errors: Readonly<Record<string, string>>;
  onChange: (params: ConnectorStep["params"]) => void;
}

/** Arguments of a call: the operation's form, where any field may take a value that is known only when it runs. */
export function PlaceFields({ schema, params, choices, errors, onChange }: PlaceFieldsProps) {
  const fields = useMemo(() => fieldsOf(schema) ?? [], [schema]);
  const [values, setValues] = useState<Values>(params);
  const [text, setText] = useState<string | null>(null);
  const shown = fields.map((field) => (hasPlace(values[field.name]) ? asText(field) : field));
  const canBeForm = fits(shown, values);
  const change = (next: Values): void => {
    setValues(next);
    onChange(sendable(next) as ConnectorStep["params"]);
  };
  const isJson = text !== null || !canBeForm;
  if (fields.length === 0) return <p className={classes["sub"]}>It takes no arguments.</p>;
  return (
    <>
      <SegmentedControl
        aria-label="How arguments are written"
        size="xs"
        data={[
          { value: "form", label: "Form", disabled: !canBeForm },
          { value: "json", label: "JSON" },
        ]}
        value={isJson ? "json" : "form"}
        onChange={(form) => {
          setText(form === "json" ? JSON.stringify(sendable(values), null, 2) : null);
        }}
      />
      {isJson ? (
        <Textarea
          label="Arguments"
          description="Any text may hold places such as {{ step1.title }}."
          autosize
          minRows={4}
          maxRows={18}
          spellCheck={false}
          classNames={{ input: "mono" }}
          value={text ?? JSON.stringify(sendable(values), null, 2)}
          error={jsonProblem(text) ?? firstOf(errors)}
          onChange={(event) => {
            const next = event.currentTarget.value;
            setText(next);
            const read = readJson(next) ?? {};
            if (isRecord(read)) change(read);
          }}
        />
      ) : (
        shown.map((field) => (
          <PlaceField
            key={field.name}
            field={field}
            values={values}
            choices={choices}
            errors={errors}
            onChange={change}
          />
        ))
      )}
    </>
  );
}

interface PlaceFieldProps extends Pick<PlaceFieldsProps, "choices" | "errors"> {
  field: Field;
  values: Values;
  onChange: (values: Values) => void;
}

function PlaceField({ field, values, choices, errors, onChange }: PlaceFieldProps) {
  const { name, label, shape } = field;
  const value = values[name];
  const own = errors[name];
  const below = Object.entries(errorsBelow(errors, name)).map(([path, message]) => [`${name}.${path}`, message]);
  const shownErrors = { ...(own === undefined ? {} : { [name]: own }), ...Object.fromEntries(below) } as Record<
    string,
    string
  >;
  return (
    <div className={classes["placeField"]}>
      <SchemaForm fields={[field]} values={values} errors={shownErrors} onChange={onChange} />
      {shape.kind === "file" ? null : (
        <NativeSelect
          size="xs"
          className={classes["placePick"] ?? ""}
          aria-label={`Insert a value into ${label}`}
          value=""
          onChange={(event) => {
            const place = `{{ ${event.currentTarget.value} }}`;
            const isText = shape.kind === "text" && typeof value === "string" && value !== "";
            onChange(withValue(values, name, isText ? `${value}${/\s$/.test(value) ? "" : " "}${place}` : place));
          }}
        >
          <option value="">Insert a value…</option>
          {choices.map(({ group, items }) => (
            <optgroup key={group} label={group}>
              {items.map(({ expression, label: called }) => (
                <option key={expression} value={expression}>
                  {called} ({expression})
                </option>
              ))}
            </optgroup>
          ))}
        </NativeSelect>
      )}
    </div>
  );
}

/** A place is a text, whatever its field takes else. */
function asText(field: Field): Field {
  if (field.shape.kind === "text") return field;
  return { ...field, shape: { kind: "text", isLong: false, isAddress: false } };
}

function jsonProblem(text: string | null): string | undefined {
  if (text === null) return undefined;
  return isRecord(readJson(text) ?? {}) ? undefined : "must be a JSON object";
}

function firstOf(errors: Readonly<Record<string, string>>): string | undefined {
  const [first] = Object.entries(errors);
  return first === undefined ? undefined : `${first[0]}: ${first[1]}`;
}
