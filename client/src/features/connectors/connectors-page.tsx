import { Button, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";
import { codeText, outcomeLabel } from "../../lib/gateway-words.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconPlugConnected, IconRefresh } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { catalogueOf } from "./catalogue.ts";
import { checkConnector, setEnabled, useConnectors } from "./connector-calls.ts";
import { ConnectorIcon } from "./connector-icon.tsx";
import { issueText, statusOf, usedText } from "./connector-words.ts";
import classes from "./connectors.module.css";
import { GatewayCard } from "./gateway-card.tsx";
import { OwnConnectors } from "./own-connectors.tsx";
import { useConnectorActions } from "./use-connector-actions.ts";

/** More than this are not found by looking. */
const mostUnsearched = 12;

/** Every way to the outside: what it does, how it stands, and what may leave at all. */
export function ConnectorsPage({ tabs }: { tabs: readonly PageTab[] }) {
  const { data, error, isPending, refetch, dataUpdatedAt } = useConnectors();
  useConnectorActions(data);
  const [search, setSearch] = useSearchState();
  const isLong = (data?.length ?? 0) > mostUnsearched;
  const text = isLong ? (search["find"] ?? "") : "";
  const { builtIn, own } = catalogueOf(data ?? [], text);
  return (
    <Page
      title="Connectors"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
    >
      <GatewayCard />
      <Section
        title="Catalogue"
        actions={
          isLong ? (
            <SearchField
              label="Search the connectors"
              placeholder="Search connectors"
              value={search["find"]}
              onChange={(find) => {
                setSearch({ find });
              }}
            />
          ) : undefined
        }
      >
        {isPending ? <LoadingState rows={6} rowHeight={64} label="Loading connectors" /> : null}
        {data === undefined && error !== null ? (
          <ErrorState title="Could not load the connectors" error={error} onRetry={() => void refetch()} />
        ) : null}
        {data === undefined ? null : builtIn.length > 0 ? (
          <Catalogue label="Connectors" connectors={builtIn} />
        ) : (
          <EmptyState
            icon={IconPlugConnected}
            title={text === "" ? "No connectors" : "Nothing matches"}
            text={
              text === ""
                ? "A connector is a known way to the outside, with its operations, a policy and a record of every call."
                : own.length === 0
                  ? `No connector is called so or says so of itself: ${text}.`
                  : "None of those that are built in; your own are below."
            }
          />
        )}
      </Section>
      <OwnConnectors>
        {own.length === 0 ? null : <Catalogue label="Your own connectors" connectors={own} />}
      </OwnConnectors>
    </Page>
  );
}

function Catalogue({ label, connectors }: { label: string; connectors: readonly ConnectorStatus[] }) {
  const client = useQueryClient();
  const columns = useMemo(
    () =>
      columnsWith({
        enable: (connector, isEnabled) => void setEnabled(client, connector, isEnabled),
        check: (connector) => void checkConnector(client, connector),
      }),
    [client],
  );
  return <DataTable label={label} columns={columns} rows={connectors} rowKey={({ id }) => id} />;
}

interface RowActions {
  enable: (connector: ConnectorStatus, isEnabled: boolean) => void;
  check: (connector: ConnectorStatus) => void;
}

function columnsWith({ enable, check }: RowActions): Column<ConnectorStatus>[] {
  return [
    { id: "name", header: "Connector", isMain: true, cell: (row) => <Name connector={row} /> },
    { id: "state", header: "State", width: "270px", isUnlabelled: true, cell: (row) => <State connector={row} /> },
    { id: "used", header: "Used", width: "230px", cell: (row) => <Used connector={row} /> },
    {
      id: "on",
      header: "On",
      width: "190px",
      isUnlabelled: true,
      cell: (row) => (
        <span className={classes["controls"]}>
          <Switch
            aria-label={`${row.title} is on`}
            label={row.isEnabled ? "On" : "Off"}
            checked={row.isEnabled}
            onChange={(event) => {
              enable(row, event.currentTarget.checked);
            }}
          />
          {row.hasHealth ? (
            <Button
              leftSection={<IconRefresh size={14} />}
              aria-label={`Check ${row.title}`}
              disabled={!row.isEnabled || !row.isConfigured}
              onClick={() => {
                check(row);
              }}
            >
              Check
            </Button>
          ) : null}
        </span>
      ),
    },
  ];
}

function Name({ connector: { id, title, description, operations } }: { connector: ConnectorStatus }) {
  return (
    <span className={classes["name"]}>
      <Link to="/connectors/$connectorId" params={{ connectorId: id }} className={classes["link"]}>
        <span className={classes["withIcon"]}>
          <ConnectorIcon id={id} />
          {title}
        </span>
      </Link>
      <span className={classes["sub"]}>{description}</span>
      <span className={classes["sub"]}>
        {operations.length === 1 ? "1 operation" : `${String(operations.length)} operations`}
      </span>
    </span>
  );
}

function State({ connector }: { connector: ConnectorStatus }) {
  const { health, issues, isConfigured, isChanged } = connector;
  return (
    <span className={classes["state"]}>
      <span className={classes["line"]}>
        <StatusBadge status={statusOf(connector)} isCompact />
        {health === null ? null : (
          <span className={classes["sub"]}>
            looked <Time iso={health.at} />
          </span>
        )}
      </span>
      {isChanged ? <span className={classes["sub"]}>It leads elsewhere than before</span> : null}
      {isConfigured ? null : <span className={classes["sub"]}>{issueText(issues)}</span>}
      {!isConfigured || health === null ? null : <span className={classes["sub"]}>{health.detail}</span>}
    </span>
  );
}

function Used({ connector: { used, lastCall: last } }: { connector: ConnectorStatus }) {
  return (
    <span className={classes["state"]}>
      {used.today === 0 && last !== null ? null : <span>{usedText(used)}</span>}
      {last === null ? null : (
        <span className={classes["sub"]}>
          last{" "}
          <Link to="/connectors" search={{ tab: "evidence", call: last.evidenceId }} className={classes["plain"]}>
            {last.operation}
          </Link>{" "}
          {last.outcome === "done" ? null : `${last.code === null ? outcomeLabel(last.outcome) : codeText(last.code)} `}
          <Time iso={last.at} />
        </span>
      )}
    </span>
  );
}
