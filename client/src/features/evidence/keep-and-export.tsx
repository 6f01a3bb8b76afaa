import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { EvidenceExtent, EvidenceFilter } from "../../../../contract/features/evidence.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call, url } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { undoToast } from "../../lib/toasts.ts";
import { Bytes } from "../../ui/bytes.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { Facts } from "../../ui/facts.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconDownload } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./evidence.module.css";
import { keepDaysProblem, mostKeepDays, removalQuestion } from "./keep-days.ts";

/** Takes a copy of the evidence along, and says for how long it is kept. */
export function KeepAndExport({ filter }: { filter: EvidenceFilter }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        leftSection={<IconDownload size={14} />}
        onClick={() => {
          setIsOpen(true);
        }}
      >
        Export and keep
      </Button>
      <SideSheet
        title="Export and keep"
        isOpen={isOpen}
        onClose={() => {
          setIsOpen(false);
        }}
        width={520}
      >
        <div className={classes["parts"]}>
          <Exports filter={filter} />
          <Kept />
        </div>
      </SideSheet>
    </>
  );
}

function Exports({ filter }: { filter: EvidenceFilter }) {
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <Section title="Calls">
        <p className={classes["sub"]}>
          {isFiltered
            ? "The calls that fit your filters, newest first, one line of JSON each."
            : "All calls, newest first, one line of JSON each."}
        </p>
        <Button
          className={classes["below"] ?? ""}
          component="a"
          href={url("evidence.export", { query: filter })}
          download="evidence.jsonl"
          leftSection={<IconDownload size={14} />}
        >
          {isFiltered ? "Download these calls" : "Download all calls"}
        </Button>
      </Section>
      <Section title="The chain">
        <p className={classes["sub"]}>
          Every row as it is stored, with its hash. Whoever has the file can prove it, without this machine:
        </p>
        <code className={classes["command"]}>npm run evidence -- verify --file=evidence-chain.jsonl</code>
        <Button
          className={classes["below"] ?? ""}
          component="a"
          href={url("evidence.chain")}
          download="evidence-chain.jsonl"
          leftSection={<IconDownload size={14} />}
        >
          Download the chain
        </Button>
      </Section>
    </>
  );
}

function Kept() {
  const { data, error, refetch } = useQuery(callQuery("evidence.extent"));
  if (data === undefined)
    return error === null ? (
      <LoadingState rows={2} rowHeight={40} label="Loading what is kept" />
    ) : (
      <ErrorState title="Could not load what is kept" error={error} onRetry={() => void refetch()} />
    );
  return <KeepDays key={data.keepDays} extent={data} />;
}

function KeepDays({ extent }: { extent: EvidenceExtent }) {
  const client = useQueryClient();
  /** As it stands in the field: what cannot be kept is said, not made something else. */
  const [typed, setTyped] = useState<number | string>(extent.keepDays);
  const [problem, setProblem] = useState<string | null>(null);
  const put = async (keepDays: number): Promise<void> => {
    const settings = await call("settings.get");
    const stored = await call("settings.put", { body: { ...settings, evidence: { keepDays } } });
    client.setQueryData(callKey("settings.get"), stored);
    await client.invalidateQueries({ queryKey: callKey("evidence.extent") });
  };
  const save = useMutation({
    async mutationFn(days: number) {
      if (days < extent.keepDays) {
        const question = removalQuestion(days, await call("evidence.removal", { query: { keepDays: days } }));
        if (question !== null && !(await confirmDangerous(question))) return;
      }
      await put(days);
      undoToast(`Evidence is kept for ${formatCount(days, "day")}`, () => put(extent.keepDays));
    },
  });
  return (
    <Section title="Kept">
      <Facts
        layout="column"
        items={[
          ["Oldest day", extent.firstDay ?? "–"],
          ["Files", String(extent.files)],
          ["Size", <Bytes key="size" value={extent.bytes} />],
        ]}
      />
      <form
        className={classes["keep"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = keepDaysProblem(typed);
          setProblem(found);
          save.reset();
          if (found === null) save.mutate(Number(typed));
        }}
      >
        <NumberInput
          label="Keep evidence for"
          min={1}
          max={mostKeepDays}
          suffix=" days"
          clampBehavior="none"
          value={typed}
          error={problem ?? fieldErrors(save.error)["evidence.keepDays"]}
          onChange={(next) => {
            setTyped(next);
            setProblem(null);
          }}
        />
        <Button type="submit" variant="filled" loading={save.isPending} disabled={typed === extent.keepDays}>
          Save
        </Button>
      </form>
      <FormError error={unlessAtFields(save.error, ["evidence.keepDays"])} />
      <p className={classes["sub"]}>
        {typeof typed === "number" && typed < extent.keepDays
          ? "Older days are removed a minute after you save, for good. The chain says which, so the rest can still be proved."
          : "Older days are removed. The chain says which, so the rest can still be proved."}
      </p>
    </Section>
  );
}
