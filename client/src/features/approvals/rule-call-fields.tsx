import { Checkbox, MultiSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { ApprovalRule } from "../../../../contract/features/approvals.ts";
import { callQuery } from "../../lib/call-query.ts";
import classes from "./approvals.module.css";

type Calls = Pick<ApprovalRule, "connectors" | "operations">;

interface RuleCallFieldsProps {
  draft: Calls;
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<Calls>) => void;
}

/** Which calls to the outside a rule answers. */
export function RuleCallFields({ draft, errors, onChange }: RuleCallFieldsProps) {
  const known = useQuery(callQuery("connectors.list", undefined, { isKept: true })).data ?? [];
  // What the rule names stays, though there may be no such connector now.
  const connectors = withOthers(
    known.map(({ id, title }) => ({ value: id, label: title })),
    draft.connectors,
  );
  const offered = known
    .filter(({ id }) => draft.connectors.includes(id))
    .flatMap(({ operations }) => operations.map(({ name, title }) => ({ value: name, label: `${title} (${name})` })));
  const unique = [...new Map(offered.map((choice) => [choice.value, choice])).values()];
  const operations = withOthers(unique, draft.operations);
  return (
    <>
      <MultiSelect
        label="Connectors"
        placeholder={draft.connectors.length === 0 ? "Choose" : ""}
        data={connectors}
        value={[...draft.connectors]}
        error={errors["connectors"]}
        onChange={(chosen) => {
          onChange({ connectors: chosen });
        }}
      />
      {operations.length === 0 ? null : (
        <Checkbox.Group
          label="Operations"
          description="With none, any of them. A call whose policy always asks is never answered by a rule that allows."
          value={[...draft.operations]}
          error={errors["operations"]}
          onChange={(chosen) => {
            onChange({ operations: chosen });
          }}
        >
          <div className={classes["choices"]}>
            {operations.map(({ value, label }) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </div>
        </Checkbox.Group>
      )}
    </>
  );
}

interface Choice {
  value: string;
  label: string;
}

function withOthers(choices: readonly Choice[], named: readonly string[]): Choice[] {
  const others = named.filter((name) => !choices.some(({ value }) => value === name));
  return [...choices, ...others.map((value) => ({ value, label: value }))];
}
