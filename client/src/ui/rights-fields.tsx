import { Checkbox, MultiSelect, NativeSelect, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { ConnectorStatus } from "../../../contract/features/connectors.ts";
import type { McpRights } from "../../../contract/features/mcp.ts";
import { callQuery } from "../lib/call-query.ts";
import { areas, effects } from "../lib/rights-words.ts";
import classes from "./rights-fields.module.css";

interface RightsFieldsProps {
  rights: McpRights;
  onChange: (rights: McpRights) => void;
}

type Grant = NonNullable<McpRights["connectors"]>[number];

/** What may be done: with connectors, and with PortOS itself. */
export function RightsFields({ rights, onChange }: RightsFieldsProps) {
  const change = (patch: Partial<McpRights>): void => {
    onChange({ ...rights, ...patch });
  };
  const writes = rights.effects.some((effect) => effect !== "read");
  return (
    <>
      <fieldset className={classes["group"]}>
        <legend>Connectors</legend>
        <Boxes
          options={effects}
          chosen={rights.effects}
          onChange={(chosen) => {
            change({ effects: chosen });
          }}
        />
        {rights.effects.length === 0 ? null : (
          <ConnectorChoice
            grants={rights.connectors}
            onChange={(connectors) => {
              change({ connectors });
            }}
          />
        )}
        {writes ? (
          <Switch
            label="Ask me before each call that changes something"
            description="Off: the policy of each connector decides when you are asked"
            checked={rights.asksBeforeWrites}
            onChange={(event) => {
              change({ asksBeforeWrites: event.currentTarget.checked });
            }}
          />
        ) : null}
      </fieldset>
      <fieldset className={classes["group"]}>
        <legend>What PortOS knows</legend>
        <Boxes
          options={areas}
          chosen={rights.areas}
          onChange={(chosen) => {
            change({ areas: chosen });
          }}
        />
        {rights.areas.includes("apps") ? (
          <Switch
            label="May restart apps"
            checked={rights.mayRestartApps}
            onChange={(event) => {
              change({ mayRestartApps: event.currentTarget.checked });
            }}
          />
        ) : null}
      </fieldset>
    </>
  );
}

interface BoxesProps<Value extends string> {
  options: readonly { value: Value; label: string }[];
  chosen: readonly Value[];
  onChange: (chosen: Value[]) => void;
}

function Boxes<Value extends string>({ options, chosen, onChange }: BoxesProps<Value>) {
  return options.map(({ value, label }) => (
    <Checkbox
      key={value}
      label={label}
      checked={chosen.includes(value)}
      onChange={(event) => {
        const isOn = event.currentTarget.checked;
        onChange(options.map((option) => option.value).filter((one) => (one === value ? isOn : chosen.includes(one))));
      }}
    />
  ));
}

function ConnectorChoice({
  grants,
  onChange,
}: {
  grants: readonly Grant[] | null;
  onChange: (grants: Grant[] | null) => void;
}) {
  const connectors = useQuery(callQuery("connectors.list")).data ?? [];
  return (
    <>
      <NativeSelect
        label="Through which connectors"
        data={[
          { value: "all", label: "Every connector that is on" },
          { value: "some", label: "Only some" },
        ]}
        value={grants === null ? "all" : "some"}
        onChange={(event) => {
          onChange(event.currentTarget.value === "all" ? null : []);
        }}
      />
      {grants === null ? null : (
        <MultiSelect
          label="Connectors"
          placeholder={grants.length === 0 ? "None yet" : ""}
          searchable
          data={connectors.map(({ id, title }) => ({ value: id, label: title }))}
          value={grants.map(({ connector }) => connector)}
          onChange={(ids) => {
            onChange(
              ids.map((id) => grants.find(({ connector }) => connector === id) ?? { connector: id, operations: null }),
            );
          }}
        />
      )}
      {(grants ?? []).map((grant) => (
        <Operations
          key={grant.connector}
          grant={grant}
          connector={connectors.find(({ id }) => id === grant.connector)}
          onChange={(operations) => {
            onChange((grants ?? []).map((one) => (one === grant ? { ...one, operations } : one)));
          }}
        />
      ))}
    </>
  );
}

interface OperationsProps {
  grant: Grant;
  connector: ConnectorStatus | undefined;
  onChange: (operations: string[] | null) => void;
}

function Operations({ grant, connector, onChange }: OperationsProps) {
  if (connector === undefined || connector.operations.length < 2) return null;
  return (
    <MultiSelect
      label={`Operations of ${connector.title}`}
      placeholder={grant.operations === null ? "All of them" : ""}
      data={connector.operations.map(({ name, title }) => ({ value: name, label: title }))}
      value={grant.operations ?? []}
      onChange={(names) => {
        onChange(names.length === 0 ? null : names);
      }}
    />
  );
}
