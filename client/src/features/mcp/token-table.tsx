import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { McpToken } from "../../../../contract/features/mcp.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Time } from "../../ui/time.tsx";
import { rightsText } from "../../lib/rights-words.ts";
import classes from "./mcp.module.css";

/** Tokens with what they may, who came last, and the way to take them back. */
export function TokenTable({ label, tokens }: { label: string; tokens: readonly McpToken[] }) {
  const [, setSearch] = useSearchState();
  const client = useQueryClient();
  const revoke = async (token: McpToken): Promise<void> => {
    const isSure = await confirmDangerous({
      title: `Revoke the token of ${token.name}?`,
      text: "Whoever uses it is cut off at once. It cannot be brought back; a new one can be made.",
      confirmLabel: "Revoke",
    });
    if (!isSure) return;
    await withErrorToast(`${token.name} could not be revoked`, () => call("mcp.revoke", { params: { id: token.id } }));
    await client.invalidateQueries({ queryKey: callKey("mcp.get") });
  };
  const columns = columnsOf({
    edit: ({ id }) => {
      setSearch({ edit: id }, { push: true });
    },
    revoke: (token) => void revoke(token),
  });
  return <DataTable label={label} columns={columns} rows={tokens} rowKey={({ id }) => id} />;
}

interface RowActions {
  edit: (token: McpToken) => void;
  revoke: (token: McpToken) => void;
}

function columnsOf({ edit, revoke }: RowActions): readonly Column<McpToken>[] {
  return [
    { id: "name", header: "Name", isMain: true, cell: (token) => <Name token={token} /> },
    { id: "expires", header: "Expires", width: "130px", cell: (token) => <Expires token={token} /> },
    { id: "used", header: "Last used", width: "200px", cell: (token) => <Used token={token} /> },
    {
      id: "actions",
      header: "Actions",
      isUnlabelled: true,
      width: "200px",
      cell: (token) => (
        <div className={classes["rowActions"]}>
          {token.runId === null ? (
            <Button
              aria-label={`Edit ${token.name}`}
              onClick={() => {
                edit(token);
              }}
            >
              Edit
            </Button>
          ) : null}
          <Button
            variant="subtle"
            color="gray"
            aria-label={`Revoke ${token.name}`}
            onClick={() => {
              revoke(token);
            }}
          >
            Revoke
          </Button>
        </div>
      ),
    },
  ];
}

function Name({ token: { name, last4, rights, runId } }: { token: McpToken }) {
  return (
    <span className={classes["stack"]}>
      {runId === null ? (
        <strong>{name}</strong>
      ) : (
        <Link to="/agents/$runId" params={{ runId }} className={classes["link"]}>
          {name}
        </Link>
      )}
      <span className={classes["sub"]}>{rightsText(rights)}</span>
      <span className={classes["sub"]}>ends in {last4}</span>
    </span>
  );
}

function Expires({ token }: { token: McpToken }) {
  if (token.runId !== null) return <span className="dim">with the run</span>;
  if (token.expiresAt === null) return <span className="dim">never</span>;
  return (
    <span className={classes["stack"]}>
      {token.isExpired ? <strong>expired</strong> : null}
      <Time iso={token.expiresAt} />
    </span>
  );
}

function Used({ token: { lastUsed } }: { token: McpToken }) {
  if (lastUsed === null) return <span className="dim">not yet</span>;
  return (
    <span className={classes["stack"]}>
      <Time iso={lastUsed.at} />
      <span className="dim">
        {lastUsed.client === null ? "" : `${lastUsed.client}, `}
        {lastUsed.from}
      </span>
    </span>
  );
}
