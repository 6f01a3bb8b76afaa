import { Select } from "@mantine/core";

import type { PromptReference } from "../../../contract/features/prompts.ts";
import { useLivePrompts } from "../lib/live-queries.ts";
import { givenValues, keptValues } from "../lib/prompt-values.ts";
import { Notice } from "./notice.tsx";
import { TemplateFields } from "./template-fields.tsx";
import classes from "./template-fields.module.css";

interface TemplateChoiceProps {
  value: PromptReference | null;
  /** What the server said, by the path of the field. */
  errors: Readonly<Record<string, string>>;
  /** Where it stands in what is saved: "template". */
  path: string;
  onChange: (value: PromptReference | null) => void;
}

const newest = "newest";

/** A prompt to start from, with its version, its variables and the text they make; nothing is shown while there are no prompts. */
export function TemplateChoice({ value, errors, path, onChange }: TemplateChoiceProps) {
  const { data } = useLivePrompts();
  const prompts = data?.prompts ?? [];
  if (prompts.length === 0 && value === null) return null;
  const prompt = prompts.find(({ id }) => id === value?.promptId);
  const options = prompts.map(({ id, title, issues }) => ({ value: id, label: title, disabled: issues.length > 0 }));
  const isGone = data !== undefined && value !== null && prompt === undefined;
  const ofValues = `${path}.values.`;
  const valueErrors = Object.fromEntries(
    Object.entries(errors).flatMap(([name, text]) =>
      name.startsWith(ofValues) ? [[name.slice(ofValues.length), text] as const] : [],
    ),
  );
  return (
    <div className={classes["chosen"]}>
      <div className={classes["pick"]}>
        <Select
          label="Start from"
          placeholder="your own words"
          searchable
          clearable
          data={isGone ? [...options, { value: value.promptId, label: `${value.promptId} (gone)` }] : options}
          value={value?.promptId ?? null}
          error={errors[`${path}.promptId`]}
          onChange={(promptId) => {
            onChange(promptId === null ? null : { promptId, version: null, values: {} });
          }}
        />
        {value === null || prompt === undefined ? null : (
          <Select
            label="Version"
            allowDeselect={false}
            data={versionOptions(prompt.version, value.version)}
            value={value.version === null ? newest : String(value.version)}
            onChange={(version) => {
              onChange({ ...value, version: version === null || version === newest ? null : Number(version) });
            }}
          />
        )}
      </div>
      {isGone ? (
        <Notice tone="warn">{`There is no prompt ${value.promptId} any more. Choose another one, or bring it back.`}</Notice>
      ) : null}
      {value === null || prompt === undefined ? null : (
        <TemplateFields
          prompt={prompt}
          version={value.version}
          values={keptValues(value)}
          errors={valueErrors}
          onChange={(values) => {
            onChange({ ...value, values: givenValues(values) });
          }}
        />
      )}
    </div>
  );
}

/** The newest one at the time, the one in force now, and the one that is held to. */
function versionOptions(inForce: number, held: number | null): { value: string; label: string }[] {
  const numbers = [...new Set([inForce, ...(held === null ? [] : [held])])];
  return [
    { value: newest, label: `Newest (now v${String(inForce)})` },
    ...numbers.map((number) => ({ value: String(number), label: `Always v${String(number)}` })),
  ];
}
