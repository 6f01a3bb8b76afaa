import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconPlus, IconSparkles } from "../../ui/icons.gen.ts";
import { useEffect, type ReactNode } from "react";

import type { ProviderList } from "../../../../contract/features/providers.ts";
import { actionRegistry } from "../../lib/actions.ts";
import { useLiveProviders } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab, usePageTab } from "../../ui/page.tsx";
import { ChainList } from "./chain-list.tsx";
import { ChainSheet } from "./chain-sheet.tsx";
import { PresetSheet } from "./preset-sheet.tsx";
import { checkProvider, setEnabled } from "./provider-calls.ts";
import { ProviderEditor } from "./provider-editor.tsx";
import { ProviderTable } from "./provider-table.tsx";
import classes from "./providers.module.css";
import { UsageTab } from "./usage-tab.tsx";

const ownTabs = [
  { id: "list", label: "Providers" },
  { id: "usage", label: "Usage" },
];

interface ProvidersPageProps {
  /** Tabs of other features. */
  others?: readonly (PageTab & { content: ReactNode })[];
}

/** Which AI answers: providers, their fallbacks, and what they used. `?add=1`, `?edit=<id>`, `?chain=<id>` open sheets. */
export function ProvidersPage({ others = [] }: ProvidersPageProps) {
  const tabs = [...ownTabs, ...others];
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveProviders();
  const [search, setSearch] = useSearchState();
  const tab = usePageTab(tabs);
  const add = (): void => {
    setSearch({ add: "1" }, { push: true });
  };
  usePageActions(data);
  return (
    <Page
      title="Providers"
      tabs={tabs}
      aside={tab === "list" ? <AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} /> : undefined}
      actions={
        tab !== "list" || data === undefined || data.providers.length === 0 ? undefined : (
          <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={add}>
            Add a provider
          </Button>
        )
      }
    >
      {tab === "usage" ? <UsageTab /> : null}
      {others.find(({ id }) => id === tab)?.content}
      {tab === "list" && isPending ? <LoadingState rows={4} rowHeight={56} label="Loading providers" /> : null}
      {tab === "list" && data === undefined && error !== null ? (
        <ErrorState title="Could not load the providers" error={error} onRetry={() => void refetch()} />
      ) : null}
      {tab === "list" && data !== undefined ? <Content list={data} onAdd={add} /> : null}
      <PresetSheet
        isOpen={search["add"] !== undefined}
        onChoose={(presetId) => {
          setSearch({ add: null, edit: "new", preset: presetId });
        }}
        onClose={() => {
          setSearch({ add: null });
        }}
      />
      {data === undefined ? null : (
        <ProviderEditor
          list={data}
          editedId={search["edit"]}
          presetId={search["preset"]}
          onClose={() => {
            setSearch({ edit: null, preset: null });
          }}
        />
      )}
      {data === undefined ? null : (
        <ChainSheet
          list={data}
          providerId={search["chain"]}
          onClose={() => {
            setSearch({ chain: null });
          }}
        />
      )}
    </Page>
  );
}

function Content({ list, onAdd }: { list: ProviderList; onAdd: () => void }) {
  const [, setSearch] = useSearchState();
  return (
    <div className={classes["parts"]}>
      <Problems problems={list.problems} />
      {list.providers.length === 0 ? (
        <EmptyState
          icon={IconSparkles}
          title="No AI is set up yet"
          text="A provider is a model over an API, one that runs on this machine, or an agent program such as Claude Code. It stays off, and nothing is called, until you turn it on."
          action={
            <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={onAdd}>
              Add a provider
            </Button>
          }
          example={
            <span className={classes["example"]}>
              <span className="dim">Ready-made:</span> Ollama on this machine
              <Button
                onClick={() => {
                  setSearch({ edit: "new", preset: "ollama" }, { push: true });
                }}
              >
                Use this example
              </Button>
            </span>
          }
        />
      ) : (
        <>
          <ProviderTable list={list} />
          <ChainList list={list} />
        </>
      )}
    </div>
  );
}

function Problems({ problems }: Pick<ProviderList, "problems">) {
  if (problems.length === 0) return null;
  return (
    <Notice tone="warn">
      <p className={classes["plain"]}>
        {problems.length === 1 ? "One entry" : `${String(problems.length)} entries`} of <code>data/providers.json</code>{" "}
        cannot be read and is not used. The others are not affected.
      </p>
      <ul className={classes["problems"]}>
        {problems.map(({ index, name, message }) => (
          <li key={index}>
            {name === "" ? `Entry ${String(index + 1)}` : name}: {message}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function usePageActions(list: ProviderList | undefined): void {
  const client = useQueryClient();
  const [, setSearch] = useSearchState();
  useEffect(
    () =>
      actionRegistry.register([
        {
          id: "providers.add",
          label: "Add a provider",
          group: "Providers",
          icon: IconPlus,
          keywords: ["ai", "model", "api key", "agent"],
          run: () => {
            setSearch({ tab: null, add: "1" }, { push: true });
          },
        },
        ...(list?.providers ?? []).flatMap((provider) => {
          const about = { group: "Providers", subject: `provider:${provider.id}` };
          const { id, name, isEnabled } = provider;
          return [
            { ...about, id: `providers.check:${id}`, label: `Check ${name}`, run: () => checkProvider(provider) },
            {
              ...about,
              id: `providers.toggle:${id}`,
              label: `Turn ${name} ${isEnabled ? "off" : "on"}`,
              run: () => setEnabled(client, provider, !isEnabled),
            },
          ];
        }),
      ]),
    [client, list, setSearch],
  );
}
