import { Checkbox, Select } from "@mantine/core";

import type { Effect } from "../../../../contract/features/connectors.ts";
import type { McpToolFacts } from "../../../../contract/features/mcp-connectors.ts";
import { effectWords } from "../../lib/gateway-words.ts";
import { JsonText } from "../../ui/json-text.tsx";
import classes from "./connectors.module.css";

const effects: { value: Effect; label: string }[] = [
  { value: "read", label: "Changes nothing" },
  { value: "write", label: "Writes" },
  { value: "destructive", label: "Takes away for good" },
];

interface ToolChoiceProps {
  facts: McpToolFacts;
  isChosen: boolean;
  effect: Effect;
  onChange: (choice: { isChosen: boolean; effect: Effect }) => void;
}

/** One tool that may become an operation; what it does is for the user to say. */
export function ToolChoice({ facts, isChosen, effect, onChange }: ToolChoiceProps) {
  return (
    <div className={classes["choice"]}>
      <Checkbox
        label={nameOf(facts)}
        description={isChosen ? facts.description : `${effectWords[effect]} · ${facts.description}`}
        checked={isChosen}
        onChange={(event) => {
          onChange({ isChosen: event.currentTarget.checked, effect });
        }}
      />
      {isChosen ? (
        <EffectChoice
          facts={facts}
          effect={effect}
          onChange={(next) => {
            onChange({ isChosen, effect: next });
          }}
        />
      ) : null}
    </div>
  );
}

interface EffectChoiceProps {
  facts: McpToolFacts;
  effect: Effect;
  onChange: (effect: Effect) => void;
}

/** What a tool does, and what it takes. */
export function EffectChoice({ facts, effect, onChange }: EffectChoiceProps) {
  return (
    <>
      <Select
        aria-label={`What ${nameOf(facts)} does`}
        allowDeselect={false}
        data={effects}
        value={effect}
        onChange={(value) => {
          onChange(effects.find((one) => one.value === value)?.value ?? "write");
        }}
      />
      <details className={classes["fold"]}>
        <summary className={classes["sub"]}>What it takes</summary>
        <JsonText value={facts.input} label={`Parameters of ${nameOf(facts)}`} />
      </details>
    </>
  );
}

export function nameOf({ title, tool }: Pick<McpToolFacts, "title" | "tool">): string {
  return title === "" || title === tool ? tool : `${title} (${tool})`;
}
