import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { McpState } from "../../../../contract/features/mcp.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconPlugConnected, IconPlus } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { rightsText } from "../../lib/rights-words.ts";
import classes from "./mcp.module.css";
import { RunsForm } from "./runs-form.tsx";
import { SetUp } from "./set-up.tsx";
import { TokenForm } from "./token-form.tsx";
import { TokenTable } from "./token-table.tsx";

const refetchMs = 10_000;

/** PortOS as an MCP server: who may come, and how. `?edit=new`, `?edit=<id>` and `?edit=runs` open the forms. */
export function McpTab({ tabs }: { tabs: readonly PageTab[] }) {
  const query = useQuery({ ...callQuery("mcp.get", undefined, { isKept: true }), refetchInterval: refetchMs });
  const { data, error, isPending, refetch, dataUpdatedAt } = query;
  return (
    <Page
      title="Connectors"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
    >
      {isPending ? <LoadingState rows={4} rowHeight={56} label="Loading tokens" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the tokens" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : <Content state={data} refetch={() => void refetch()} />}
    </Page>
  );
}

function Content({ state, refetch }: { state: McpState; refetch: () => void }) {
  const [search, setSearch] = useSearchState();
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const own = state.tokens.filter(({ runId }) => runId === null);
  const ofRuns = state.tokens.filter(({ runId }) => runId !== null);
  const edited = own.find(({ id }) => id === search["edit"]);
  const closeForm = (): void => {
    setSearch({ edit: null });
  };
  const add = (
    <Button
      variant="filled"
      leftSection={<IconPlus size={14} />}
      onClick={() => {
        setSearch({ edit: "new" }, { push: true });
      }}
    >
      New token
    </Button>
  );
  return (
    <>
      <Section title="Programs that may come in" actions={own.length === 0 ? undefined : add}>
        {own.length === 0 ? (
          <EmptyState
            icon={IconPlugConnected}
            title="No tokens yet"
            text="PortOS is an MCP server: Claude Code, JetBrains AI Assistant, Cursor and others can use your connectors and look at apps, logs and terminals. Each needs a token, and you say what it may."
            action={add}
          />
        ) : (
          <TokenTable label="Tokens" tokens={own} />
        )}
      </Section>
      <Section title="Set up a program">
        <SetUp state={state} />
      </Section>
      <Runs state={state} />
      {ofRuns.length === 0 ? null : (
        <Section title="Runs that have a token now">
          <TokenTable label="Tokens of runs" tokens={ofRuns} />
        </Section>
      )}
      <SideSheet
        title={edited === undefined ? "New token" : `Edit ${edited.name}`}
        isOpen={search["edit"] === "new" || edited !== undefined}
        onClose={closeForm}
        width={520}
      >
        {search["edit"] === undefined ? null : (
          <TokenForm
            key={edited?.id ?? "new"}
            token={edited}
            onClose={closeForm}
            onSaved={(name, secret) => {
              setMade(secret === null ? null : { name, secret });
              closeForm();
              refetch();
            }}
          />
        )}
      </SideSheet>
      <SideSheet title="Agents that PortOS runs" isOpen={search["edit"] === "runs"} onClose={closeForm} width={520}>
        {search["edit"] === "runs" ? <RunsForm runs={state.runs} onClose={closeForm} /> : null}
      </SideSheet>
      <SideSheet
        title={made === null ? "" : `Token of ${made.name}`}
        isOpen={made !== null}
        onClose={() => {
          setMade(null);
        }}
        width={640}
      >
        {made === null ? null : <Made state={state} secret={made.secret} />}
      </SideSheet>
    </>
  );
}

function Runs({ state: { runs } }: { state: McpState }) {
  const [, setSearch] = useSearchState();
  const change = (
    <Button
      onClick={() => {
        setSearch({ edit: "runs" }, { push: true });
      }}
    >
      Change
    </Button>
  );
  return (
    <Section title="Agents that PortOS runs" actions={change}>
      <p className={classes["text"]}>
        {runs.isOn
          ? `Each run gets a token of its own, which ends with it: ${rightsText(runs.rights)}. A run in which everything is asked for only reads.`
          : "Runs get no tools of PortOS."}
      </p>
    </Section>
  );
}

function Made({ state, secret }: { state: McpState; secret: string }) {
  return (
    <div className={classes["form"]}>
      <Notice tone="info">
        <div className={classes["stack"]}>
          <p>Copy it now: it is not shown again.</p>
          <CopyText text={secret} />
        </div>
      </Notice>
      <SetUp state={state} token={secret} />
    </div>
  );
}
