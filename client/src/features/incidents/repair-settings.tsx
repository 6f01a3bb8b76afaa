import { Button, NumberInput, Radio, Select } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { RepairLevel, RepairSettings, RepairSettingsView } from "../../../../contract/features/repairs.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useLiveApps, useLiveProviders } from "../../lib/live-queries.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { repairLevels } from "./repair-words.ts";
import classes from "./repairs.module.css";
import { useRepairSettings } from "./use-repairs.ts";

const settingsKey = callKey("repairs.settings");
const asAll = "as-all";

/** What agents may do about crashes: for all apps, or for one. */
export function RepairSettingsSection({ appId }: { appId?: string }) {
  const { data } = useRepairSettings();
  if (data === undefined) return null;
  return (
    <Section title="Repair by agents" isCard>
      {appId === undefined ? (
        <AllApps key={JSON.stringify(data.settings)} view={data} />
      ) : (
        <OneApp appId={appId} view={data} />
      )}
    </Section>
  );
}

function Levels({
  label,
  value,
  onChange,
  all,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The level for all apps, offered as the first choice. */
  all?: RepairLevel;
}) {
  const allLabel = repairLevels.find((level) => level.value === all)?.label;
  return (
    <Radio.Group aria-label={label} value={value} onChange={onChange}>
      <div className={classes["choices"]}>
        {all === undefined ? null : (
          <Radio value={asAll} label="As for all apps" description={`Now: ${allLabel ?? "Off"}.`} />
        )}
        {repairLevels.map((level) => (
          <Radio key={level.value} value={level.value} label={level.label} description={level.text} />
        ))}
      </div>
    </Radio.Group>
  );
}

function Paused({ view, appId }: { view: RepairSettingsView; appId?: string }) {
  const apps = useLiveApps().data ?? [];
  const paused = view.paused.filter((one) => appId === undefined || one.appId === appId);
  return paused.map((one) => (
    <Notice key={one.appId} tone="warn">
      {apps.find(({ id }) => id === one.appId)?.name ?? one.appId}: {one.reason} None begins by itself until{" "}
      <Time iso={one.until} />.
    </Notice>
  ));
}

function OneApp({ appId, view }: { appId: string; view: RepairSettingsView }) {
  const client = useQueryClient();
  const { apps, level } = view.settings;
  const current = apps[appId] ?? null;
  const put = async (next: RepairLevel | null): Promise<void> => {
    const body = { level: next };
    client.setQueryData(settingsKey, await call("repairs.setAppLevel", { params: { app: appId }, body }));
  };
  const change = async (value: string): Promise<void> => {
    const next = repairLevels.find((one) => one.value === value)?.value ?? null;
    const isDone = await withErrorToast("Could not change it", () => put(next));
    if (isDone) undoToast("Changed what agents may do about crashes of this app", () => put(current));
  };
  return (
    <div className={classes["form"]}>
      <p className={classes["dim"]}>When a process of this app is given up, or has crashed three times in a row:</p>
      <Paused view={view} appId={appId} />
      <Levels
        label="When this app crashes"
        value={current ?? asAll}
        all={level}
        onChange={(value) => void change(value)}
      />
    </div>
  );
}

function AllApps({ view }: { view: RepairSettingsView }) {
  const client = useQueryClient();
  const saved = view.settings;
  const [draft, setDraft] = useState<RepairSettings>(saved);
  const providers = useLiveProviders().data?.providers ?? [];
  const put = async (body: RepairSettings): Promise<void> => {
    client.setQueryData(settingsKey, await call("repairs.putSettings", { body }));
  };
  const save = useMutation({
    mutationFn: put,
    onSuccess: () => {
      undoToast("Saved what agents may do about crashes", () => put(saved));
    },
  });
  const errors = fieldErrors(save.error);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(saved);
  const own = Object.keys(draft.apps).length;
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      <p className={classes["dim"]}>
        When a process of an app is given up, or has crashed three times in a row. Each app may have a level of its own
        {own === 0 ? "" : `; ${String(own)} ${own === 1 ? "has" : "have"} one`}. PortOS's own processes are never
        changed by an agent.
      </p>
      <Paused view={view} />
      <Levels
        label="When an app crashes"
        value={draft.level}
        onChange={(value) => {
          const level = repairLevels.find((one) => one.value === value)?.value ?? "off";
          setDraft({ ...draft, level });
        }}
      />
      <div className={classes["fields"]}>
        <Select
          label="Agent"
          clearable
          placeholder="Who has done best"
          data={providers.filter(({ isEnabled }) => isEnabled).map(({ id, name }) => ({ value: id, label: name }))}
          value={draft.choice?.providerId ?? null}
          onChange={(providerId) => {
            setDraft({ ...draft, choice: providerId === null ? null : { providerId, model: null } });
          }}
        />
        <NumberInput
          label="Minutes of one repair"
          min={1}
          value={draft.budget.minutes ?? ""}
          error={errors["budget.minutes"]}
          onChange={(value) => {
            setDraft({ ...draft, budget: { ...draft.budget, minutes: number(value) } });
          }}
        />
        <NumberInput
          label="Dollars of one repair"
          placeholder="No limit"
          min={0}
          decimalScale={2}
          value={draft.budget.costUsd ?? ""}
          error={errors["budget.costUsd"]}
          onChange={(value) => {
            setDraft({ ...draft, budget: { ...draft.budget, costUsd: number(value) } });
          }}
        />
        <NumberInput
          label="Failures a day before it stops"
          min={1}
          max={20}
          value={draft.maxFailures}
          error={errors["maxFailures"]}
          onChange={(value) => {
            setDraft({ ...draft, maxFailures: number(value) ?? 1 });
          }}
        />
      </div>
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div className={classes["save"]}>
        <Button
          disabled={!isChanged}
          onClick={() => {
            setDraft(saved);
          }}
        >
          Reset
        </Button>
        <Button type="submit" variant="filled" disabled={!isChanged} loading={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** An emptied field is no limit. */
function number(value: string | number): number | null {
  return value === "" ? null : Number(value);
}
