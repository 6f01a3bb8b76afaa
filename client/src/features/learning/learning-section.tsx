import { Button, Select } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { Belief } from "../../../../contract/features/chief.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconArrowBackUp, IconSchool } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { BeliefChart } from "./belief-chart.tsx";
import { candidateKey } from "./belief-words.ts";
import { kindsOfWork } from "./kinds-of-work.ts";
import classes from "./learning.module.css";

/** What was learned about who does which work well; the kind of work and the app stand in the address (`?kind=`, `?for=`). */
export function LearningSection() {
  const [search] = useSearchState();
  const all = useQuery(callQuery("learning.list", { query: {} }));
  const kinds = kindsOfWork(all.data ?? []);
  const type = search["kind"] ?? kinds[0] ?? "feature";
  const app = search["for"];
  return (
    <Section title="What it has learned" aside={<AgeNote updatedAt={all.dataUpdatedAt} isStale={all.isError} />}>
      <p className={classes["intro"]}>
        Each run of a task shows who does which work well, and your review counts twice. Who is asked next is drawn by
        these chances, so that everybody gets to show what they can. Older results count less: half after four weeks.
      </p>
      <Choices type={type} app={app} kinds={kinds.includes(type) ? kinds : [type, ...kinds]} />
      <KindOfWork key={`${type} ${app ?? ""}`} type={type} app={app} />
    </Section>
  );
}

interface Chosen {
  type: string;
  app: string | undefined;
}

function Choices({ type, app, kinds }: Chosen & { kinds: readonly string[] }) {
  const [, setSearch] = useSearchState();
  const apps = useLiveApps().data ?? [];
  return (
    <Toolbar label="Kind of work">
      <div className={classes["choices"]}>
        <Select
          label="Kind of work"
          allowDeselect={false}
          data={[...kinds]}
          value={type}
          onChange={(value) => {
            setSearch({ kind: value });
          }}
        />
        {apps.length === 0 ? null : (
          <Select
            label="In"
            placeholder="All apps"
            clearable
            searchable={apps.length > 8}
            data={apps.map(({ id, name }) => ({ value: id, label: name }))}
            value={app ?? null}
            onChange={(value) => {
              setSearch({ for: value });
            }}
          />
        )}
      </div>
    </Toolbar>
  );
}

function KindOfWork({ type, app }: Chosen) {
  const client = useQueryClient();
  const query = { type, ...(app === undefined ? {} : { app }) };
  const beliefs = useQuery({ ...callQuery("learning.list", { query }), refetchInterval: 60_000 });
  const preview = useQuery({ ...callQuery("learning.preview", { query }), refetchInterval: 60_000 });
  const refresh = async (): Promise<void> => {
    await Promise.all(
      (["learning.list", "learning.preview"] as const).map((id) => client.invalidateQueries({ queryKey: callKey(id) })),
    );
  };
  if (beliefs.isPending) return <LoadingState rows={3} rowHeight={56} label="Loading what was learned" />;
  if (beliefs.data === undefined)
    return (
      <ErrorState
        title="Could not load what was learned"
        error={beliefs.error}
        onRetry={() => void beliefs.refetch()}
        isCompact
      />
    );
  if (beliefs.data.length === 0) return <NobodyThere />;
  const runs = beliefs.data.reduce((sum, belief) => sum + belief.runs, 0);
  const shares = new Map((preview.data ?? []).map((one) => [candidateKey(one), one.share]));
  return (
    <>
      <BeliefChart
        beliefs={beliefs.data}
        shares={preview.data === undefined ? null : shares}
        onOverride={(belief, override) => void sayOverride(belief, override, refresh)}
      />
      <div className={classes["foot"]}>
        <span className={classes["note"]}>
          {runs === 0
            ? `No ${type} was done yet, so nothing is known: the lines are as wide as that.`
            : `From ${formatCount(runs, "run")} of this kind.`}
        </span>
        {runs === 0 ? null : (
          <Button leftSection={<IconArrowBackUp size={14} />} onClick={() => void forget(type, refresh)}>
            Forget all about {type}
          </Button>
        )}
      </div>
    </>
  );
}

function NobodyThere() {
  return (
    <EmptyState
      icon={IconSchool}
      title="Nobody to choose from yet"
      text="Turn on a provider or two. The tasks they do show which of them is good at what, and the better one is asked more often."
      action={
        <Button component={Link} to="/providers" variant="filled">
          Choose providers
        </Button>
      }
      isCompact
    />
  );
}

/** Done at once, with the way back: the user's word before. */
function sayOverride(belief: Belief, override: Belief["override"], refresh: () => Promise<void>): Promise<boolean> {
  const { type, providerId, model, appId, providerName } = belief;
  const say = async (next: Belief["override"]): Promise<void> => {
    await call("learning.override", { body: { type, providerId, model, appId, override: next } });
    await refresh();
  };
  return withErrorToast("Could not change the rule", async () => {
    await say(override);
    const what = { always: "is always asked", never: "is never asked" };
    undoToast(
      override === null ? `${providerName} is asked as learned` : `${providerName} ${what[override]} for ${type}`,
      () => say(belief.override),
    );
  });
}

function forget(type: string, refresh: () => Promise<void>): Promise<boolean> {
  return withErrorToast("Could not forget it", async () => {
    await call("learning.reset", { body: { type } });
    await refresh();
    undoToast(`Forgot all about ${type}`, async () => {
      await call("learning.restore");
      await refresh();
    });
  });
}
