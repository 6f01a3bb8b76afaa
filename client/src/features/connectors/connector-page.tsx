import { Button, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";

import type { ConnectorView } from "../../../../contract/features/connectors.ts";
import { ApiError } from "../../lib/api-error.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconListSearch, IconPencil, IconPlugX, IconRefresh, IconTrash } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page, usePageTab, type PageTab } from "../../ui/page.tsx";
import { Notice } from "../../ui/notice.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { ConfigureTab } from "./configure-tab.tsx";
import { checkConnector, isSureWithout, setEnabled, useConnector } from "./connector-calls.ts";
import { hasTools, statusOf, usedText } from "./connector-words.ts";
import classes from "./connectors.module.css";
import { DocsTab } from "./docs-tab.tsx";
import { DoctorTab } from "./doctor-tab.tsx";
import { OperationsTab } from "./operations-tab.tsx";
import { ModuleView } from "./module-view.tsx";
import { removeOwn, useOwnFiles, useOwnKind } from "./own-calls.ts";
import { OwnSheet } from "./own-sheet.tsx";
import { PolicyTab } from "./policy-tab.tsx";
import { SignInSection } from "./sign-in-section.tsx";
import { ToolsTab } from "./tools-tab.tsx";
import { UsesSection } from "./uses-section.tsx";

const parents = [{ label: "Connectors", to: "/connectors" }];

/** One connector: try its operations, configure it, decide what it may do, read how it is used. */
export function ConnectorPage() {
  const { connectorId = "" }: { connectorId?: string } = useParams({ strict: false });
  const { data, error, isPending, refetch, dataUpdatedAt } = useConnector(connectorId);
  const isConfigured = data?.isConfigured ?? true;
  const kind = useOwnKind(connectorId);
  const tabs: PageTab[] = [
    { id: "operations", label: "Operations", isDefault: isConfigured },
    ...(kind === "mcp" ? [{ id: "tools", label: "Tools" }] : []),
    ...(kind === "module" ? [{ id: "program", label: "Program" }] : []),
    { id: "configure", label: "Configure", isDefault: !isConfigured },
    { id: "policy", label: "Policy" },
    { id: "doctor", label: "Doctor" },
    { id: "docs", label: "Docs" },
  ];
  const tab = usePageTab(tabs);
  const isMissing = error instanceof ApiError && error.code === "not_found";
  return (
    <Page
      title={data?.title ?? "Connector"}
      parents={parents}
      layout="wide"
      description={data?.description}
      tabs={tabs}
      aside={
        <>
          {data === undefined ? null : <StatusBadge status={statusOf(data)} />}
          <AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />
        </>
      }
      actions={data === undefined ? undefined : <Actions connector={data} />}
    >
      {isPending ? <LoadingState rows={6} rowHeight={48} label="Loading the connector" /> : null}
      {data === undefined && isMissing ? (
        <EmptyState
          icon={IconPlugX}
          title="There is no such connector"
          text="It may have been removed. What it did is still in the evidence."
          action={<ActionLink to="/connectors">All connectors</ActionLink>}
        />
      ) : null}
      {data === undefined && error !== null && !isMissing ? (
        <ErrorState title="Could not load the connector" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data?.isChanged === true ? <ChangedNotice connector={data} /> : null}
      {data === undefined || !isSignInShown(data, tab) ? null : <SignInSection key={data.id} connector={data} />}
      {data === undefined ? null : <Content tab={tab} connector={data} />}
    </Page>
  );
}

/** Everywhere until it is done and tools are chosen, which it says then, and where everything else is configured. */
function isSignInShown(connector: ConnectorView, tab: string): boolean {
  const { signIn } = connector;
  if (signIn === null) return false;
  return signIn.state !== "active" || signIn.problem !== null || !hasTools(connector) || tab === "configure";
}

/** What was entered and allowed for one place does not hold for another. */
function ChangedNotice({ connector: { title, secretNames, isBuiltIn } }: { connector: ConnectorView }) {
  const secrets = secretNames.length === 0 ? "" : ", enter its secrets anew";
  return (
    <Notice tone="warn">
      {title} was turned off, because it leads elsewhere or signs in otherwise than before. Look at its{" "}
      {isBuiltIn ? "configuration" : "definition"}
      {secrets}, then turn it on.
    </Notice>
  );
}

function Content({ tab, connector }: { tab: string; connector: ConnectorView }) {
  switch (tab) {
    case "tools":
      return <ToolsTab key={connector.id} connector={connector} />;
    case "program":
      return <ModuleView key={connector.id} id={connector.id} />;
    case "configure":
      return (
        <>
          <ConfigureTab key={connector.id} connector={connector} />
          <UsesSection connector={connector} />
        </>
      );
    case "policy":
      return <PolicyTab key={connector.id} connector={connector} />;
    case "doctor":
      return <DoctorTab key={connector.id} connector={connector} />;
    case "docs":
      return <DocsTab connector={connector} />;
    default:
      return <OperationsTab key={connector.id} connector={connector} />;
  }
}

function Actions({ connector }: { connector: ConnectorView }) {
  const client = useQueryClient();
  const { id, title, isEnabled, isConfigured, hasHealth, used } = connector;
  return (
    <div className={classes["line"]}>
      <span className={classes["sub"]}>{usedText(used)}</span>
      <Switch
        label={isEnabled ? "On" : "Off"}
        aria-label={`${title} is on`}
        checked={isEnabled}
        onChange={(event) => {
          void setEnabled(client, connector, event.currentTarget.checked);
        }}
      />
      {hasHealth ? (
        <Button
          leftSection={<IconRefresh size={14} />}
          disabled={!isEnabled || !isConfigured}
          onClick={() => void checkConnector(client, connector)}
        >
          Check
        </Button>
      ) : null}
      {connector.isBuiltIn ? null : <OwnMenu connector={connector} />}
      <ActionLink
        to="/connectors"
        search={{ tab: "evidence", connector: id }}
        leftSection={<IconListSearch size={14} />}
      >
        Calls
      </ActionLink>
    </div>
  );
}

/** What can be done with a connector of one's own besides. */
function OwnMenu({ connector: { id, title } }: { connector: ConnectorView }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchState();
  const definition = useOwnFiles().data?.find((file) => file.definition?.id === id)?.definition ?? null;
  const isModule = useOwnKind(id) === "module";
  if (definition === null && !isModule) return null;
  return (
    <>
      {isModule ? null : (
        <Button
          leftSection={<IconPencil size={14} />}
          onClick={() => {
            setSearch({ own: "edit" }, { push: true });
          }}
        >
          Edit
        </Button>
      )}
      <ActionMenu
        label={`Actions for ${title}`}
        items={[
          {
            id: "remove",
            label: "Remove",
            icon: IconTrash,
            isDangerous: true,
            run: async () => {
              if (!(await isSureWithout({ id, title }, "remove"))) return;
              if (await removeOwn(client, { id, title })) await navigate({ to: "/connectors" });
            },
          },
        ]}
      />
      <OwnSheet
        isOpen={search["own"] === "edit" && definition !== null}
        definition={definition}
        onClose={() => {
          setSearch({ own: null });
        }}
      />
    </>
  );
}
