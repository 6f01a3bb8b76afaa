import { NativeSelect } from "@mantine/core";
import { useState } from "react";

import type { Provider, Tier } from "../../../../contract/features/providers.ts";
import type { Draft } from "./provider-draft.ts";
import { tiers } from "./provider-words.ts";
import classes from "./providers.module.css";

interface FallbackFieldsProps {
  draft: Draft;
  others: readonly Provider[];
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<Draft>) => void;
}

/** Who is asked when this provider cannot answer: for everything, and for single tiers. */
export function FallbackFields({ draft, others, errors, onChange }: FallbackFieldsProps) {
  const byTier = draft.tierFallbacks;
  const [isByTier, setIsByTier] = useState(() => tiers.some((tier) => byTier[tier] != null));
  const names = others.map(({ id, name }) => ({ value: id, label: name }));
  const setTier = (tier: Tier, id: string): void => {
    onChange({ tierFallbacks: { ...byTier, [tier]: id === "" ? null : id } });
  };
  return (
    <fieldset className={classes["fieldset"]}>
      <legend>When it cannot answer</legend>
      <NativeSelect
        label="Ask next"
        description="After a limit, an outage or a time-out; never after a request that was wrong, or one you stopped."
        data={[{ value: "", label: "Nobody" }, ...names]}
        value={draft.fallbackProvider ?? ""}
        error={errors["fallbackProvider"]}
        onChange={(event) => {
          onChange({ fallbackProvider: event.currentTarget.value === "" ? null : event.currentTarget.value });
        }}
      />
      {isByTier ? (
        <div className={classes["tierFallbacks"]}>
          {tiers.map((tier) => (
            <NativeSelect
              key={tier}
              label={`For ${tier} work`}
              data={[{ value: "", label: "As above" }, ...names]}
              value={byTier[tier] ?? ""}
              error={errors[`tierFallbacks.${tier}`]}
              onChange={(event) => {
                setTier(tier, event.currentTarget.value);
              }}
            />
          ))}
        </div>
      ) : others.length === 0 ? null : (
        <button
          type="button"
          className={classes["link"]}
          onClick={() => {
            setIsByTier(true);
          }}
        >
          Another one for light, medium or heavy work
        </button>
      )}
    </fieldset>
  );
}
