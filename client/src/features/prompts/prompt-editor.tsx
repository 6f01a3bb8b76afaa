import { Button, SegmentedControl } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import type { PromptView } from "../../../../contract/features/prompts.ts";
import { ApiError, fieldErrors } from "../../lib/api-error.ts";
import { call, url } from "../../lib/api.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { toast } from "../../lib/toasts.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { IconDeviceFloppy, IconDownload, IconHistory, IconPlayerPlay, IconTrash } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { EditorFields } from "./editor-fields.tsx";
import { setOpenDraft, useOpenDraft } from "./open-drafts.ts";
import { PreviewPane, type Values } from "./preview-pane.tsx";
import { removePrompt, showView } from "./prompt-calls.ts";
import { draftOf, inputOf, isChanged, newVariable, type OpenDraft } from "./prompt-draft.ts";
import classes from "./prompts.module.css";
import { RunSheet } from "./run-sheet.tsx";
import { UsedBy } from "./used-by.tsx";
import { VersionsSheet } from "./versions-sheet.tsx";

const parents = [{ label: "Prompts", to: "/prompts" }];

/** Editor and preview side by side; on a phone one after the other. Unsaved changes stay until the tab is closed. */
export function PromptEditor({ view }: { view: PromptView }) {
  const { summary } = view;
  const { id } = summary;
  const client = useQueryClient();
  const [search, setSearch] = useSearchState();
  const [values, setValues] = useState<Values>({});
  const [pane, setPane] = useState("edit");
  const [fresh, setFresh] = useState(() => openOf(view));
  const kept = useOpenDraft(id);
  // what is in force now, as long as nothing is being edited
  const base = kept ?? (fresh.basedOn === view.summary.version ? fresh : openOf(view));
  const hasChanges = isChanged(base);
  const isBehind = base.basedOn !== summary.version;
  const change = (draft: OpenDraft["draft"]): void => {
    setOpenDraft(id, { ...base, draft });
  };
  const save = useMutation({
    mutationFn: (basedOn: number) =>
      call("prompts.save", { params: { id }, body: { input: inputOf(base.draft), basedOn } }),
    onSuccess: (saved) => {
      showView(client, saved);
      setFresh(openOf(saved));
      setOpenDraft(id, null);
      toast({ kind: "ok", text: `Saved as version ${String(saved.summary.version)}` });
    },
  });
  useWarningBeforeClose(hasChanges);
  const errors = fieldErrors(save.error);
  const trySave = (): void => {
    if (hasChanges && !isBehind) save.mutate(base.basedOn);
  };
  return (
    <Page
      title={base.draft.title || "Untitled"}
      parents={parents}
      layout="wide"
      aside={
        <span className={classes["sub"]}>
          version {base.basedOn}
          {hasChanges ? " · not saved" : ""}
        </span>
      }
      actions={
        <Actions
          view={view}
          hasChanges={hasChanges}
          canSave={hasChanges && !isBehind}
          isSaving={save.isPending}
          onSave={trySave}
        />
      }
    >
      <Warnings
        view={view}
        isBehind={isBehind && hasChanges}
        onLoad={() => {
          setOpenDraft(id, null);
        }}
        onOver={() => {
          save.mutate(summary.version);
        }}
      />
      <div className={`${classes["switch"] ?? ""} phone-only`}>
        <SegmentedControl
          fullWidth
          aria-label="What to show"
          data={[
            { value: "edit", label: "Edit" },
            { value: "preview", label: "Preview" },
          ]}
          value={pane}
          onChange={setPane}
        />
      </div>
      <div className={classes["panes"]} data-pane={pane}>
        <form
          className={classes["editPane"]}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            trySave();
          }}
          onKeyDown={(event) => {
            if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            trySave();
          }}
        >
          <EditorFields
            draft={base.draft}
            errors={errors}
            error={save.error instanceof ApiError && save.error.code === "conflict" && isBehind ? null : save.error}
            onChange={change}
          />
        </form>
        <section className={classes["previewPane"]} aria-label="Preview">
          <h2 className={`${classes["previewTitle"] ?? ""} desktop-only`}>Preview: what the agent is given</h2>
          <PreviewPane
            id={id}
            input={inputOf(base.draft)}
            values={values}
            onValues={setValues}
            onDeclare={(name) => {
              change({ ...base.draft, variables: [...base.draft.variables, newVariable(name)] });
            }}
          />
        </section>
      </div>
      <UsedBy id={id} />
      <VersionsSheet
        summary={summary}
        isOpen={search["versions"] !== undefined}
        onClose={() => {
          setSearch({ versions: null });
        }}
      />
      <RunSheet
        summary={summary}
        values={values}
        isOpen={search["run"] !== undefined}
        onClose={() => {
          setSearch({ run: null });
        }}
      />
    </Page>
  );
}

function openOf(view: PromptView): OpenDraft {
  return { basedOn: view.summary.version, start: view.input, draft: draftOf(view.input) };
}

interface ActionsProps {
  view: PromptView;
  hasChanges: boolean;
  canSave: boolean;
  isSaving: boolean;
  onSave: () => void;
}

function Actions({ view: { summary }, hasChanges, canSave, isSaving, onSave }: ActionsProps) {
  const navigate = useNavigate();
  const [, setSearch] = useSearchState();
  return (
    <>
      <Button
        variant={hasChanges ? "filled" : "default"}
        leftSection={<IconDeviceFloppy size={14} />}
        disabled={!canSave}
        loading={isSaving}
        onClick={onSave}
      >
        Save
      </Button>
      <Button
        leftSection={<IconHistory size={14} />}
        onClick={() => {
          setSearch({ versions: "1" }, { push: true });
        }}
      >
        Versions
      </Button>
      <Button
        leftSection={<IconPlayerPlay size={14} />}
        disabled={hasChanges}
        title={hasChanges ? "Save first: what is saved is what runs" : undefined}
        onClick={() => {
          setSearch({ run: "1" }, { push: true });
        }}
      >
        Run
      </Button>
      <ActionMenu
        label={`Actions for ${summary.title}`}
        items={[
          {
            id: "export",
            label: "Export",
            icon: IconDownload,
            href: url("prompts.download", { params: { id: summary.id } }),
          },
          {
            id: "delete",
            label: "Delete",
            icon: IconTrash,
            isDangerous: true,
            run: async () => {
              if (!(await removePrompt(summary))) return;
              setOpenDraft(summary.id, null);
              await navigate({ to: "/prompts" });
            },
          },
        ]}
      />
    </>
  );
}

interface WarningsProps {
  view: PromptView;
  isBehind: boolean;
  onLoad: () => void;
  onOver: () => void;
}

function Warnings({ view: { summary }, isBehind, onLoad, onOver }: WarningsProps) {
  if (!isBehind && summary.problem === null) return null;
  return (
    <div className={classes["warnings"]}>
      {summary.problem === null ? null : (
        <Notice tone="bad">
          <code>data/prompts/{summary.id}.md</code> was edited by hand and cannot be read: {summary.problem}. Version{" "}
          {summary.version} stays in force until it is mended, or a version is brought back; the file is kept then.
        </Notice>
      )}
      {isBehind ? (
        <Notice tone="warn">
          <p>
            Version {summary.version} was made meanwhile: {summary.updatedBy}. Your changes are not saved.
          </p>
          <span className={classes["choices"]}>
            <Button onClick={onLoad}>Drop mine and load it</Button>
            <Button onClick={onOver}>Save mine as version {summary.version + 1}</Button>
          </span>
        </Notice>
      ) : null}
    </div>
  );
}

function useWarningBeforeClose(hasChanges: boolean): void {
  useEffect(() => {
    if (!hasChanges) return undefined;
    const ask = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => {
      removeEventListener("beforeunload", ask);
    };
  }, [hasChanges]);
}
