import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { call } from "../../lib/api.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconShieldCheck } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Facts } from "../../ui/facts.tsx";
import { Bytes } from "../../ui/bytes.tsx";
import type { EvidenceProof } from "../../../../contract/features/evidence.ts";
import { proofText } from "./evidence-words.ts";
import classes from "./evidence.module.css";

/** Proves that no record was changed, left out or added, or says where the first one was. */
export function useChainCheck() {
  return useMutation({ mutationFn: () => call("evidence.verify") });
}

type ChainCheck = ReturnType<typeof useChainCheck>;

export function ChainCheckButton({ check }: { check: ChainCheck }) {
  return (
    <Button
      leftSection={<IconShieldCheck size={14} />}
      loading={check.isPending}
      onClick={() => {
        check.mutate();
      }}
    >
      Verify the chain
    </Button>
  );
}

/** What was found, in the page: whatever is beside it can be pressed meanwhile. */
export function ChainProof({ check }: { check: ChainCheck }) {
  if (check.data === undefined && check.error === null) return null;
  return (
    <Section
      title="Proof of the evidence"
      actions={
        <Button
          onClick={() => {
            check.reset();
          }}
        >
          Close
        </Button>
      }
    >
      <FormError error={check.error} />
      {check.data === undefined ? null : <Proof proof={check.data} />}
    </Section>
  );
}

function Proof({ proof }: { proof: EvidenceProof }) {
  const { isWhole, rows, files, bytes, first, last, repairs, unfinishedBytes } = proof;
  return (
    <div className={classes["parts"]}>
      <Notice tone={isWhole ? "ok" : "bad"}>
        <p role="status">{proofText(proof)}</p>
      </Notice>
      <p className={classes["sub"]}>
        {isWhole
          ? "Each row holds the hash of the one before it, so none was changed, removed or put in between. Note the last hash somewhere else: with it, you can prove later that nothing before it was made anew."
          : "Somebody, or a fault of the disk, has changed the files. Rows before that place are proven. Look at the backup of that day."}
      </p>
      <Facts
        layout="column"
        items={[
          ["Rows", rows.toLocaleString("en")],
          ["Files", String(files)],
          ["Size", <Bytes key="bytes" value={bytes} />],
          ["First row", first === null ? "–" : first.toLocaleString("en")],
          ["Last row", last === null ? "–" : last.n.toLocaleString("en")],
          ["Last hash", last === null ? "–" : <CopyText key="hash" text={last.hash} />],
          [
            "Repairs",
            repairs.length === 0
              ? "None"
              : `${String(repairs.length)}: what a crash had left unfinished was noted, which the chain says`,
          ],
          ...(unfinishedBytes === 0
            ? []
            : [["Unfinished", `${String(unfinishedBytes)} bytes at the end`] satisfies [string, string]]),
        ]}
      />
    </div>
  );
}
