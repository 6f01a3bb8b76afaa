import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type {
  CallerKind,
  ConnectorPolicyInput,
  ConnectorView,
  OperationView,
} from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { callerWords } from "../../lib/gateway-words.ts";
import { CallPath } from "../../ui/call-path.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./connectors.module.css";
import { ParamsEditor, useParams } from "./params-editor.tsx";
import { Verdict } from "./verdict.tsx";

interface PolicySimulationProps {
  connector: ConnectorView;
  /** As it stands in the form, saved or not. */
  policy: ConnectorPolicyInput;
}

/** Says what the policy in the form would do with a call. Nothing is sent. */
export function PolicySimulation({ connector, policy }: PolicySimulationProps) {
  const { operations } = connector;
  const [name, setName] = useState(operations[0]?.name ?? "");
  const operation = operations.find((one) => one.name === name);
  return (
    <Section title="What would my phone be asked?" isCard>
      <div className={`${classes["gateway"] ?? ""} ${classes["form"] ?? ""}`}>
        <p className={classes["sub"]}>With the policy as it stands in the form, saved or not. Nothing is sent.</p>
        <Select
          label="Operation"
          allowDeselect={false}
          data={operations.map(({ name: value, title }) => ({ value, label: title }))}
          value={name}
          onChange={(value) => {
            setName(value ?? "");
          }}
        />
        {operation === undefined ? null : (
          <Simulation key={name} connectorId={connector.id} operation={operation} policy={policy} />
        )}
      </div>
    </Section>
  );
}

interface SimulationProps {
  connectorId: string;
  operation: OperationView;
  policy: ConnectorPolicyInput;
}

/** Who would call, and when. */
interface Circumstances {
  caller: CallerKind;
  isPlanning: boolean;
  /** As a field for local time holds it; empty for now. */
  at: string;
}

function Simulation({ connectorId, operation, policy }: SimulationProps) {
  const [given, setGiven] = useState<Circumstances>({ caller: "agent", isPlanning: false, at: "" });
  const params = useParams(operation.input, operation.examples[0]?.input);
  const simulate = useMutation({
    mutationFn: (values: Record<string, unknown>) => {
      const { caller, isPlanning, at } = given;
      const when = at === "" ? {} : { at: new Date(at).toISOString() };
      const body = { operation: operation.name, params: values, caller, isPlanning, policy, ...when };
      return call("connectors.simulate", { params: { id: connectorId }, body });
    },
  });
  return (
    <>
      <CircumstanceFields value={given} onChange={setGiven} />
      <details className={classes["fold"]}>
        <summary className={classes["sub"]}>Arguments</summary>
        <div className={classes["form"]}>
          <ParamsEditor params={params} examples={operation.examples} errors={{}} />
        </div>
      </details>
      <div className={classes["buttons"]}>
        <Button
          loading={simulate.isPending}
          onClick={() => {
            const values = params.check();
            if (values !== null) simulate.mutate({ ...values });
          }}
        >
          Ask the policy
        </Button>
        {Object.keys(params.problems).length === 0 ? null : <Notice tone="warn">Some arguments are missing.</Notice>}
      </div>
      <FormError error={simulate.error} />
      <div aria-live="polite" className={classes["result"]}>
        {simulate.data === undefined ? null : (
          <>
            <Verdict simulation={simulate.data} />
            <details className={classes["fold"]}>
              <summary className={classes["sub"]}>Step by step</summary>
              <CallPath steps={simulate.data.path} />
            </details>
          </>
        )}
      </div>
    </>
  );
}

interface CircumstanceFieldsProps {
  value: Circumstances;
  onChange: (value: Circumstances) => void;
}

function CircumstanceFields({ value, onChange }: CircumstanceFieldsProps) {
  return (
    <>
      <Select
        label="Who calls"
        allowDeselect={false}
        data={Object.entries(callerWords).map(([kind, label]) => ({ value: kind, label }))}
        value={value.caller}
        onChange={(caller) => {
          onChange({ ...value, caller: (caller ?? "agent") as CallerKind });
        }}
      />
      <TextInput
        label="When"
        description="Now, when empty; for quiet hours"
        type="datetime-local"
        value={value.at}
        onChange={(event) => {
          onChange({ ...value, at: event.currentTarget.value });
        }}
      />
      <Switch
        label="It is only planning"
        checked={value.isPlanning}
        onChange={(event) => {
          onChange({ ...value, isPlanning: event.currentTarget.checked });
        }}
      />
    </>
  );
}
