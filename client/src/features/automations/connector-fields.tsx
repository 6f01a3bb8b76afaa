import { ActionIcon, Button, Select } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { ConnectorStep } from "../../../../contract/features/automation-connectors.ts";
import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";
import type { EventName } from "../../../../contract/features/events.ts";
import { callQuery } from "../../lib/call-query.ts";
import { localId } from "../../lib/clipboard.ts";
import { effectWords } from "../../lib/gateway-words.ts";
import { IconChevronDown, IconChevronUp, IconPlus, IconTrash } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { errorsBelow } from "../../ui/schema-form/schema-values.ts";
import type { FieldsProps } from "./action-fields.tsx";
import classes from "./automations.module.css";
import { type ConnectorAction, emptyStep, moved, type PlaceChoice, placeChoices } from "./connector-draft.ts";
import { fieldsOfEvents, useEventKinds } from "./event-kinds.ts";
import { PlaceFields } from "./place-fields.tsx";
import { TrySteps } from "./try-steps.tsx";

type Props = Pick<FieldsProps<ConnectorAction>, "action" | "errors" | "onChange"> & {
  /** The automation that is changed; its last run's results help to try it. */
  automationId: string | undefined;
  /** What starts it, when events do. */
  events: readonly EventName[];
};

/** Calls of connectors, one after another: each may use what the ones before it gave. */
export function ConnectorFields({ action, errors, onChange, automationId, events }: Props) {
  const { steps } = action;
  const kinds = useEventKinds(events.length > 0);
  const fields = fieldsOfEvents(kinds ?? [], events);
  const connectors = useQuery(callQuery("connectors.list")).data ?? [];
  const views = useQueries({
    queries: steps.map(({ connector }) => ({
      ...callQuery("connectors.get", { params: { id: connector } }),
      enabled: connector !== "",
    })),
  });
  const outputs = steps.map(({ operation }, index) =>
    views[index]?.data?.operations.find(({ name }) => name === operation),
  );
  // What is half written in a step stays with it when it is moved.
  const [ids, setIds] = useState(() => steps.map(() => localId()));
  const put = (next: readonly ConnectorStep[], nextIds: readonly string[] = ids): void => {
    setIds([...nextIds]);
    onChange({ ...action, steps: [...next] });
  };
  return (
    <div className={classes["steps"]}>
      {connectors.some(({ isEnabled }) => isEnabled) ? null : (
        <Notice tone="warn">No connector is turned on yet; turn one on, on the Connectors page.</Notice>
      )}
      {steps.map((step, index) => (
        <StepFields
          key={ids[index] ?? index}
          step={step}
          index={index}
          count={steps.length}
          connectors={connectors}
          operation={outputs[index]}
          isLoading={views[index]?.isLoading ?? false}
          choices={placeChoices(
            outputs.slice(0, index).map((operation) => operation?.output),
            events.length === 0 ? null : fields,
          )}
          errors={errorsBelow(errors, `action.steps.${String(index)}`)}
          onChange={(changed) => {
            put(steps.with(index, changed));
          }}
          onMove={(to) => {
            put(moved(steps, index, to), moved(ids, index, to));
          }}
          onRemove={() => {
            put(steps.toSpliced(index, 1), ids.toSpliced(index, 1));
          }}
        />
      ))}
      <div className={classes["stepActions"]}>
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            put([...steps, emptyStep], [...ids, localId()]);
          }}
        >
          Add a step
        </Button>
      </div>
      <TrySteps action={action} automationId={automationId} events={events} />
    </div>
  );
}

interface StepFieldsProps {
  step: ConnectorStep;
  index: number;
  count: number;
  connectors: readonly ConnectorStatus[];
  operation: { title: string; description: string; input: Record<string, unknown>; effect: string } | undefined;
  isLoading: boolean;
  choices: readonly { group: string; items: readonly PlaceChoice[] }[];
  errors: Readonly<Record<string, string>>;
  onChange: (step: ConnectorStep) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}

function StepFields(props: StepFieldsProps) {
  const { step, index, connectors, operation, isLoading, choices, errors, onChange } = props;
  const chosen = connectors.find(({ id }) => id === step.connector);
  return (
    <section className={classes["step"]} aria-label={`Step ${String(index + 1)}`}>
      <StepHead {...props} />
      <div className={classes["pair"]}>
        <Select
          label="Connector"
          placeholder="Pick one"
          searchable
          allowDeselect={false}
          data={connectorOptions(connectors)}
          value={step.connector === "" ? null : step.connector}
          error={errors["connector"]}
          onChange={(connector) => {
            if (connector !== null && connector !== step.connector) onChange({ connector, operation: "", params: {} });
          }}
        />
        <Select
          label="Operation"
          placeholder={chosen === undefined ? "Pick a connector first" : "Pick one"}
          disabled={chosen === undefined}
          searchable
          allowDeselect={false}
          data={(chosen?.operations ?? []).map(({ name, title, effect }) => ({
            value: name,
            label: `${title} (${effectWords[effect]})`,
          }))}
          value={step.operation === "" ? null : step.operation}
          error={errors["operation"]}
          onChange={(name) => {
            if (name !== null && name !== step.operation) onChange({ ...step, operation: name, params: {} });
          }}
        />
      </div>
      {chosen === undefined || (chosen.isEnabled && chosen.isConfigured) ? null : (
        <Notice tone="warn">
          {chosen.title} is {chosen.isEnabled ? "not configured" : "turned off"}: until that is changed, the run fails
          here.
        </Notice>
      )}
      {operation === undefined ? (
        isLoading && step.operation !== "" ? (
          <LoadingState rows={2} label="Loading the operation" />
        ) : null
      ) : (
        <>
          <p className={classes["sub"]}>{operation.description}</p>
          <PlaceFields
            key={`${step.connector}/${step.operation}`}
            schema={operation.input}
            params={step.params}
            choices={choices}
            errors={errorsBelow(errors, "params")}
            onChange={(params) => {
              onChange({ ...step, params });
            }}
          />
          {errors["params"] === undefined ? null : <Notice tone="bad">Arguments: {errors["params"]}</Notice>}
        </>
      )}
    </section>
  );
}

function StepHead({ index, count, onMove, onRemove }: StepFieldsProps) {
  const name = `step ${String(index + 1)}`;
  return (
    <div className={classes["stepHead"]}>
      <h4>Step {index + 1}</h4>
      <ActionIcon
        variant="subtle"
        aria-label={`Move ${name} up`}
        disabled={index === 0}
        onClick={() => {
          onMove(index - 1);
        }}
      >
        <IconChevronUp size={16} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        aria-label={`Move ${name} down`}
        disabled={index === count - 1}
        onClick={() => {
          onMove(index + 1);
        }}
      >
        <IconChevronDown size={16} />
      </ActionIcon>
      <ActionIcon variant="subtle" aria-label={`Remove ${name}`} disabled={count === 1} onClick={onRemove}>
        <IconTrash size={16} />
      </ActionIcon>
    </div>
  );
}

/** Those that can be called first. */
function connectorOptions(connectors: readonly ConnectorStatus[]) {
  const optionsOf = (isEnabled: boolean) =>
    connectors.filter((one) => one.isEnabled === isEnabled).map(({ id, title }) => ({ value: id, label: title }));
  return [
    { group: "Turned on", items: optionsOf(true) },
    { group: "Turned off", items: optionsOf(false) },
  ].filter(({ items }) => items.length > 0);
}
