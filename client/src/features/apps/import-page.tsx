import { Button, Checkbox } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { AppInput } from "../../../../contract/features/apps.ts";
import type { ImportPlan } from "../../../../contract/features/detect.ts";
import { call } from "../../lib/api.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./apps.module.css";
import { DetectionSteps } from "./detection-steps.tsx";
import { FolderField } from "./folder-field.tsx";
import { draftOf, draftProblem, toAppInput } from "./plan-draft.ts";
import { PlanEditor } from "./plan-editor.tsx";
import { useDetection } from "./use-detection.ts";
import { useKeepApp } from "./use-apps.ts";

const parents = [{ label: "Apps", to: "/apps" }];

/** From a folder to an app: choose, watch what is found, look over the plan, import. */
export function ImportPage() {
  const [search, setSearch] = useSearchState();
  const folder = search["folder"] ?? "";
  const [round, setRound] = useState(0);
  const lookAgain = (): void => {
    setRound(round + 1);
  };
  return (
    <Page title="Add a project" parents={parents}>
      <FolderField
        key={folder}
        initial={folder}
        onChoose={(path) => {
          lookAgain();
          setSearch({ folder: path }, { push: folder !== path });
        }}
      />
      {folder === "" ? null : <FolderLook key={`${folder} ${String(round)}`} folder={folder} onAgain={lookAgain} />}
    </Page>
  );
}

function FolderLook({ folder, onAgain }: { folder: string; onAgain: () => void }) {
  const { error, steps, plan } = useDetection(folder);
  if (error !== null)
    return <ErrorState title="Could not look into this folder" error={error} onRetry={onAgain} isCompact />;
  return (
    <>
      {steps.length === 0 && plan === null ? <LoadingState rows={4} rowHeight={30} label="Looking" /> : null}
      {steps.length === 0 ? null : (
        <Section title="What is there" isCard>
          <DetectionSteps steps={steps} isDone={plan !== null} />
        </Section>
      )}
      {plan === null ? null : <PlanForm plan={plan} />}
    </>
  );
}

function PlanForm({ plan }: { plan: ImportPlan }) {
  const navigate = useNavigate();
  const keep = useKeepApp();
  const [draft, setDraft] = useState(() => draftOf(plan));
  const [isStarted, setIsStarted] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const problem = draftProblem(draft);
  const count = draft.rows.filter(({ isSelected }) => isSelected).length;
  const isRunning = draft.rows.some(({ isSelected, proposed }) => isSelected && proposed.process.run.kind === "linked");

  const add = async (input: AppInput): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      const app = await call("apps.create", { body: input });
      keep(app);
      const { id, name } = app;
      undoToast(
        `Added ${name}`,
        async () => {
          await call("apps.remove", { params: { id } });
          await navigate({ to: "/apps" });
        },
        15_000,
      );
      await navigate({ to: "/apps/$appId", params: { appId: id } });
      if (isStarted && count > 0 && !isRunning)
        await withErrorToast(`Could not start ${name}`, () => call("apps.start", { params: { id } }));
    } catch (failure) {
      setError(failure);
      setIsBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === null) void add(toAppInput(plan, draft));
      }}
    >
      <Section title="The app">
        <PlanEditor plan={plan} draft={draft} onChange={setDraft} />
      </Section>
      <FormError error={error} />
      <div className={classes["bar"]}>
        <Button type="submit" size="sm" variant="filled" loading={isBusy} disabled={problem !== null}>
          {`Add ${draft.name.trim() || "the app"}`}
        </Button>
        {isRunning || count === 0 ? null : (
          <Checkbox
            label="Start it right away"
            checked={isStarted}
            onChange={(event) => {
              setIsStarted(event.currentTarget.checked);
            }}
          />
        )}
        <span className={problem === null ? "dim desktop-only" : "dim"} role="status">
          {problem ?? "It can be undone afterwards; the folder itself stays as it is."}
        </span>
      </div>
    </form>
  );
}
