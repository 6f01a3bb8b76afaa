import { Button, MultiSelect, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { ApprovalRule, ApprovalRuleInput } from "../../../../contract/features/approvals.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { commandText, toolWords, wordsOf } from "./approval-words.ts";
import classes from "./approvals.module.css";
import { RuleCallFields } from "./rule-call-fields.tsx";
import { RulePreview } from "./rule-preview.tsx";
import { useProviderNames } from "./use-rule-names.ts";

interface RuleEditorProps {
  /** The rule to change; a new one without it. */
  rule: ApprovalRule | undefined;
  onClose: () => void;
}

/** Makes or changes a rule, with what it would have answered so far. */
export function RuleEditor({ rule, onClose }: RuleEditorProps) {
  return (
    <SideSheet title={rule === undefined ? "New rule" : `Edit ${rule.name}`} isOpen onClose={onClose} width={520}>
      <EditorForm key={rule?.id ?? "new"} rule={rule} onClose={onClose} />
    </SideSheet>
  );
}

type Draft = Pick<ApprovalRule, keyof ApprovalRuleInput>;

const endings = [
  { value: "", label: "Until it is deleted" },
  { value: "1", label: "For an hour" },
  { value: "24", label: "For a day" },
  { value: "168", label: "For a week" },
] as const;

const newDraft: Draft = {
  name: "",
  effect: "allow",
  appId: null,
  folder: null,
  providerId: null,
  runId: null,
  tools: [],
  commandPrefix: [],
  connectors: [],
  operations: [],
  expiresAt: null,
};

/** A rule is for one or the other. */
const noWork = { appId: null, folder: null, providerId: null, tools: [], commandPrefix: [] } satisfies Partial<Draft>;
const noCalls = { connectors: [], operations: [] } satisfies Partial<Draft>;

function draftOf(rule: ApprovalRule | undefined): Draft {
  const { name, effect, appId, folder, providerId, runId, tools, commandPrefix, connectors, operations, expiresAt } =
    rule ?? newDraft;
  const forCalls = { connectors, operations };
  return { name, effect, appId, folder, providerId, runId, tools, commandPrefix, ...forCalls, expiresAt };
}

function EditorForm({ rule, onClose }: RuleEditorProps) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(rule));
  const [isForCalls, setIsForCalls] = useState(draft.connectors.length > 0);
  const [isUnnamed, setIsUnnamed] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      rule === undefined
        ? call("approvals.createRule", { body: draft })
        : call("approvals.updateRule", { params: { id: rule.id }, body: draft }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: callKey("approvals.rules") });
      onClose();
    },
  });
  const errors = fieldErrors(save.error);
  if (isUnnamed) errors["connectors"] = "must name at least one";
  // Said at the field they belong to, they are not said once more.
  const isAllAtFields = Object.keys(errors).length > 0 && Object.keys(errors).every((name) => name in newDraft);
  const change = (patch: Partial<Draft>): void => {
    setDraft((current) => ({ ...current, ...patch }));
  };
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        // Without connectors it would be a rule for work in folders, and one that denies would deny all of it.
        setIsUnnamed(isForCalls && draft.connectors.length === 0);
        if (!isForCalls || draft.connectors.length > 0) save.mutate();
      }}
    >
      <SegmentedControl
        aria-label="What the rule answers"
        fullWidth
        data={[
          { value: "allow", label: "Allow" },
          { value: "deny", label: "Deny" },
        ]}
        value={draft.effect}
        onChange={(effect) => {
          change({ effect: effect === "deny" ? "deny" : "allow" });
        }}
      />
      <TextInput
        label="Name"
        placeholder="Tests of the blog"
        maxLength={120}
        value={draft.name}
        error={errors["name"]}
        onChange={(event) => {
          change({ name: event.currentTarget.value });
        }}
      />
      <SegmentedControl
        aria-label="What the rule is for"
        fullWidth
        data={[
          { value: "work", label: "Work in folders" },
          { value: "calls", label: "Calls to the outside" },
        ]}
        value={isForCalls ? "calls" : "work"}
        onChange={(value) => {
          setIsForCalls(value === "calls");
          setDraft((current) => ({ ...current, ...(value === "calls" ? noWork : noCalls) }));
        }}
      />
      {isForCalls ? (
        <RuleCallFields draft={draft} errors={errors} onChange={change} />
      ) : (
        <>
          <ActionFields draft={draft} errors={errors} change={change} />
          <PlaceFields draft={draft} errors={errors} change={change} />
        </>
      )}
      <Select
        label="How long"
        allowDeselect={false}
        data={draft.expiresAt === null ? [...endings] : [...endings, { value: "kept", label: "As it is set now" }]}
        value={draft.expiresAt === null ? "" : "kept"}
        error={errors["expiresAt"]}
        onChange={(hours) => {
          if (hours === null || hours === "kept") return;
          const endMs = Date.now() + Number(hours) * 3_600_000;
          change({ expiresAt: hours === "" ? null : new Date(endMs).toISOString() });
        }}
      />
      {isForCalls && draft.connectors.length === 0 ? null : <RulePreview draft={draft} />}
      {isAllAtFields ? null : <FormError error={save.error} shown={Object.keys(errors)} />}
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          {rule === undefined ? "Create" : "Save"}
        </Button>
      </div>
    </form>
  );
}

function ActionFields({ draft, errors, change }: PlaceFieldsProps) {
  const [command, setCommand] = useState(() => commandText(draft.commandPrefix));
  return (
    <>
      <MultiSelect
        label="Kinds of actions"
        placeholder={draft.tools.length === 0 ? "Any kind" : ""}
        data={[...toolWords]}
        value={[...draft.tools]}
        error={errors["tools"]}
        onChange={(tools) => {
          change({ tools });
        }}
      />
      <TextInput
        label="Commands that begin with"
        description="Exactly these words, compared one by one. A command with ; && | > $ or * is never matched: only a shell knows what it does."
        placeholder="npm test"
        classNames={{ input: "mono" }}
        value={command}
        error={errors["commandPrefix"]}
        onChange={(event) => {
          setCommand(event.currentTarget.value);
          change({ commandPrefix: wordsOf(event.currentTarget.value) });
        }}
      />
    </>
  );
}

interface PlaceFieldsProps {
  draft: Draft;
  errors: Record<string, string>;
  change: (patch: Partial<Draft>) => void;
}

function PlaceFields({ draft, errors, change }: PlaceFieldsProps) {
  const apps = useLiveApps().data ?? [];
  const providers = useProviderNames();
  return (
    <>
      <Select
        label="App"
        placeholder="Any app"
        clearable
        data={apps.map(({ id, name }) => ({ value: id, label: name }))}
        value={draft.appId}
        error={errors["appId"]}
        onChange={(appId) => {
          change({ appId });
        }}
      />
      <TextInput
        label="Folder"
        description="What happens in it or below it, and names no file outside."
        placeholder="/home/you/blog"
        classNames={{ input: "mono" }}
        value={draft.folder ?? ""}
        error={errors["folder"]}
        onChange={(event) => {
          const folder = event.currentTarget.value.trim();
          change({ folder: folder === "" ? null : folder });
        }}
      />
      <Select
        label="Provider"
        placeholder="Any provider"
        clearable
        data={providers.map(({ id, name }) => ({ value: id, label: name }))}
        value={draft.providerId}
        error={errors["providerId"]}
        onChange={(providerId) => {
          change({ providerId });
        }}
      />
    </>
  );
}
