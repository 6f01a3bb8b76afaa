import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type {
  CallerKind,
  ConnectorPolicyInput,
  ConnectorView,
  OperationView,
} from "../../../../contract/features/connectors.ts";
import { fieldErrors } from "../../lib/api-error.ts";
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

function Simulation({ connectorId, operation, policy }: SimulationProps) {
  const [caller, setCaller] = useState<CallerKind>("agent");
  const [isPlanning, setIsPlanning] = useState(false);
  const [at, setAt] = useState("");
  const params = useParams(operation.input, operation.examples[0]?.input);
  const simulate = useMutation({
    mutationFn: (given: Record<string, unknown>) =>
      call("connectors.simulate", {
        params: { id: connectorId },
        body: {
          operation: operation.name,
          params: given,
          caller,
          isPlanning,
          policy,
          ...(at === "" ? {} : { at: new Date(at).toISOString() }),
        },
      }),
  });
  const errors = fieldErrors(simulate.error);
  return (
    <>
      <Select
        label="Who calls"
        allowDeselect={false}
        data={Object.entries(callerWords).map(([value, label]) => ({ value, label }))}
        value={caller}
        onChange={(value) => {
          setCaller((value ?? "agent") as CallerKind);
        }}
      />
      <TextInput
        label="When"
        description="Now, when empty; for quiet hours"
        type="datetime-local"
        value={at}
        onChange={(event) => {
          setAt(event.currentTarget.value);
        }}
      />
      <Switch
        label="It is only planning"
        checked={isPlanning}
        onChange={(event) => {
          setIsPlanning(event.currentTarget.checked);
        }}
      />
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
            const given = params.check();
            if (given !== null) simulate.mutate({ ...given });
          }}
        >
          Ask the policy
        </Button>
        {Object.keys(params.problems).length === 0 ? null : <Notice tone="warn">Some arguments are missing.</Notice>}
      </div>
      <FormError error={simulate.error} shown={Object.keys(errors)} />
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
