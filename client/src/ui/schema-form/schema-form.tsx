import type { Field } from "./schema-fields.ts";
import { GroupField, PairsField, RowsField } from "./nested-fields.tsx";
import { NumbersField } from "./numbers-field.tsx";
import { BooleanField, ChoiceField, ChoicesField, LinesField, NumberField, TextField } from "./plain-fields.tsx";
import { FileField } from "./file-field.tsx";
import { JsonField } from "./json-field.tsx";
import classes from "./schema-form.module.css";
import { SecretField, type SecretState } from "./secret-field.tsx";
import { errorsBelow, withValue, type Values } from "./schema-values.ts";

interface SchemaFormProps {
  /** From `fieldsOf(schema)`. */
  fields: readonly Field[];
  values: Values;
  /** By path: { "host": "must not be empty", "rows.0.name": "is needed" }. */
  errors?: Readonly<Record<string, string>>;
  /** Fields that are written and never read, with what is known of them. */
  secrets?: Readonly<Record<string, SecretState>>;
  onChange: (values: Values) => void;
}

/** What every control gets. */
export interface FieldProps {
  field: Field;
  value: unknown;
  error: string | undefined;
  /** `undefined`: it is left out. */
  onChange: (value: unknown) => void;
}

/** A form made from a JSON Schema: one control per field, nested records as rows, anything else as JSON. */
export function SchemaForm({ fields, values, errors = {}, secrets = {}, onChange }: SchemaFormProps) {
  return (
    <div className={classes["fields"]}>
      {fields.map((field) => {
        const { name } = field;
        const props: FieldProps = {
          field,
          value: values[name],
          error: errors[name],
          onChange: (value) => {
            onChange(withValue(values, name, value));
          },
        };
        const secret = secrets[name];
        if (secret !== undefined) return <SecretField key={name} {...props} secret={secret} />;
        return <OneField key={name} {...props} below={errorsBelow(errors, name)} />;
      })}
    </div>
  );
}

/** The lines of a list are counted as people do. */
function innerErrors(below: Readonly<Record<string, string>>, isList: boolean): string | undefined {
  const all = Object.entries(below);
  if (all.length === 0) return undefined;
  const told = all.map(([path, message]) =>
    isList && /^\d+$/.test(path) ? `line ${String(Number(path) + 1)}: ${message}` : `${path}: ${message}`,
  );
  return told.join("; ");
}

function OneField({ below, ...props }: FieldProps & { below: Readonly<Record<string, string>> }) {
  const { shape } = props.field;
  // Errors of what is inside are said at the field that holds it, where no control of its own can say them.
  const isList = shape.kind === "lines";
  const error = props.error ?? innerErrors(below, isList);
  const whole = { ...props, error };
  switch (shape.kind) {
    case "text":
      return <TextField {...whole} shape={shape} />;
    case "file":
      return <FileField {...whole} />;
    case "number":
      return <NumberField {...whole} />;
    case "boolean":
      return <BooleanField {...whole} />;
    case "choice":
      return <ChoiceField {...whole} choices={shape.choices} />;
    case "choices":
      return <ChoicesField {...whole} choices={shape.choices} />;
    case "lines":
      return <LinesField {...whole} />;
    case "numbers":
      return <NumbersField {...whole} />;
    case "pairs":
      return <PairsField {...whole} />;
    case "group":
      return (
        <GroupField {...props}>
          {(values, onChange) => (
            <SchemaForm fields={shape.fields} values={values} errors={below} onChange={onChange} />
          )}
        </GroupField>
      );
    case "rows":
      return (
        <RowsField {...props}>
          {(values, onChange, index) => (
            <SchemaForm
              fields={shape.fields}
              values={values}
              errors={errorsBelow(below, String(index))}
              onChange={onChange}
            />
          )}
        </RowsField>
      );
    case "json":
      break;
  }
  return <JsonField {...whole} />;
}
