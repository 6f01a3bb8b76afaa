import type { ConnectorView, OperationView } from "../../../../contract/features/connectors.ts";
import { trustLabel } from "../../lib/gateway-words.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Facts } from "../../ui/facts.tsx";
import { JsonText } from "../../ui/json-text.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./connectors.module.css";
import { effectText } from "./operations-tab.tsx";
import { schemaRows, type SchemaRow } from "./schema-rows.ts";

const columns: Column<SchemaRow>[] = [
  {
    id: "path",
    header: "Name",
    isMain: true,
    width: "24%",
    cell: ({ path, isRequired }) => (
      <>
        <span className="mono">{path}</span>
        {isRequired ? <span className={classes["sub"]}> needed</span> : null}
      </>
    ),
  },
  { id: "type", header: "Type", width: "24%", cell: ({ type }) => type },
  {
    id: "description",
    header: "Meaning",
    isUnlabelled: true,
    cell: ({ description, details }) => (
      <span className={classes["name"]}>
        {description === "" ? null : <span>{description}</span>}
        {details === "" ? null : <span className={classes["sub"]}>{details}</span>}
      </span>
    ),
  },
];

/** What the connector takes and gives, made from its schemas. */
export function DocsTab({ connector }: { connector: ConnectorView }) {
  const { id, operations, configSchema } = connector;
  return (
    <div>
      {operations.map((operation) => (
        <OperationDocs key={operation.name} connectorId={id} operation={operation} />
      ))}
      <Section title="Configuration">
        <Table label="Configuration" rows={schemaRows(configSchema)} />
      </Section>
    </div>
  );
}

function OperationDocs({ connectorId, operation }: { connectorId: string; operation: OperationView }) {
  const { name, title, description, isIdempotent, trust, input, output, examples } = operation;
  return (
    <Section title={title}>
      <div className={classes["docs"]}>
        <p>{description}</p>
        <Facts
          layout="column"
          items={[
            [
              "Address",
              <span key="a" className="mono">{`POST /api/connectors/${connectorId}/operations/${name}/execute`}</span>,
            ],
            ["Effect", effectText(operation)],
            [
              "Repeating",
              isIdempotent ? "Does no harm: it is tried again after a failure" : "It is not tried again by itself",
            ],
            ["Trust", trustLabel(trust)],
          ]}
        />
        <h3 className={classes["heading"]}>It takes</h3>
        <Table label={`What ${title} takes`} rows={schemaRows(input)} />
        <h3 className={classes["heading"]}>It gives back</h3>
        <Table label={`What ${title} gives back`} rows={schemaRows(output)} />
        {examples.map((example) => (
          <details key={example.title} className={classes["fold"]}>
            <summary>{example.title}</summary>
            <JsonText value={{ params: example.input }} label={example.title} />
          </details>
        ))}
      </div>
    </Section>
  );
}

function Table({ label, rows }: { label: string; rows: readonly SchemaRow[] }) {
  if (rows.length === 0) return <p className={classes["sub"]}>Nothing.</p>;
  return <DataTable label={label} columns={columns} rows={rows} rowKey={({ path }) => path} />;
}
