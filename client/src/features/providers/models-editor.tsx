import { ActionIcon, Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "../../ui/icons.gen.ts";
import { useId, useState } from "react";

import { type Model, withTier } from "./provider-draft.ts";
import classes from "./providers.module.css";

interface ModelsEditorProps {
  models: readonly Model[];
  /** What the provider offers, as last seen. */
  offered: readonly string[];
  isOptional: boolean;
  errors: Readonly<Record<string, string>>;
  onChange: (models: Model[]) => void;
}

let nextKey = 1;

const tierChoices = [
  { value: "", label: "when named" },
  { value: "light", label: "light" },
  { value: "medium", label: "medium" },
  { value: "heavy", label: "heavy" },
];

/** Models by tier with what they cost; ids can be picked from what the provider offers. */
export function ModelsEditor({ models, offered, isOptional, errors, onChange }: ModelsEditorProps) {
  const listId = useId();
  const [keys, setKeys] = useState(() => models.map(() => nextKey++));
  return (
    <fieldset className={classes["fieldset"]}>
      <legend>Models</legend>
      <p className={classes["sub"]}>
        {isOptional ? "Without one the program chooses itself. " : ""}The tier says for which work a model is meant.
        Prices in dollars per million tokens; without them the cost of a run is not known.
      </p>
      <datalist id={listId}>
        {offered.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      {models.length === 0 ? null : (
        <div className={`${classes["model"] ?? ""} ${classes["modelHead"] ?? ""}`} aria-hidden="true">
          {["Model", "Tier", "$ in", "$ out"].map((name) => (
            <span key={name}>{name}</span>
          ))}
        </div>
      )}
      {models.map((model, index) => (
        <ModelRow
          key={keys[index] ?? index}
          model={model}
          listId={listId}
          error={errorAt(errors, index)}
          onChange={(part) => {
            const next = models.map((other, place) => (place === index ? { ...other, ...part } : other));
            onChange(part.tier === undefined ? next : withTier(next, index, part.tier));
          }}
          onRemove={() => {
            setKeys(keys.filter((_, place) => place !== index));
            onChange(models.filter((_, place) => place !== index));
          }}
        />
      ))}
      {errors["models"] === undefined ? null : (
        <p className={classes["fieldError"]} role="alert">
          {errors["models"]}
        </p>
      )}
      <div>
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            setKeys([...keys, nextKey++]);
            onChange([...models, { id: "", tier: null, price: null }]);
          }}
        >
          Add a model
        </Button>
      </div>
    </fieldset>
  );
}

function errorAt(errors: Readonly<Record<string, string>>, index: number): string | undefined {
  return Object.entries(errors).find(([path]) => path.startsWith(`models.${String(index)}.`))?.[1];
}

interface ModelRowProps {
  model: Model;
  listId: string;
  error: string | undefined;
  onChange: (part: Partial<Model>) => void;
  onRemove: () => void;
}

function ModelRow({ model, listId, error, onChange, onRemove }: ModelRowProps) {
  const name = model.id === "" ? "the new model" : model.id;
  const setPrice = (part: "input" | "output", value: string | number): void => {
    const price = { input: 0, output: 0, ...model.price, [part]: Number(value) };
    onChange({ price: value === "" ? null : price });
  };
  return (
    <div className={classes["model"]} role="group" aria-label={name}>
      <TextInput
        aria-label="Model"
        placeholder="model id"
        list={listId}
        classNames={{ input: "mono" }}
        value={model.id}
        error={error}
        onChange={(event) => {
          onChange({ id: event.currentTarget.value.trim() });
        }}
      />
      <NativeSelect
        aria-label={`Tier of ${name}`}
        data={tierChoices}
        value={model.tier ?? ""}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onChange({ tier: chosen === "light" || chosen === "medium" || chosen === "heavy" ? chosen : null });
        }}
      />
      <NumberInput
        aria-label={`Price of input of ${name}, dollars per million tokens`}
        placeholder="$ in"
        leftSection={<span className={classes["unit"]}>$ in</span>}
        leftSectionWidth={44}
        classNames={{ section: classes["unitSection"] ?? "", input: classes["price"] ?? "" }}
        min={0}
        hideControls
        value={model.price?.input ?? ""}
        onChange={(value) => {
          setPrice("input", value);
        }}
      />
      <NumberInput
        aria-label={`Price of output of ${name}, dollars per million tokens`}
        placeholder="$ out"
        leftSection={<span className={classes["unit"]}>$ out</span>}
        leftSectionWidth={48}
        classNames={{ section: classes["unitSection"] ?? "", input: classes["price"] ?? "" }}
        min={0}
        hideControls
        value={model.price?.output ?? ""}
        onChange={(value) => {
          setPrice("output", value);
        }}
      />
      <ActionIcon aria-label={`Remove ${name}`} onClick={onRemove}>
        <IconX size={15} />
      </ActionIcon>
    </div>
  );
}
