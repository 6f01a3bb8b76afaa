import { SegmentedControl } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import type { ConnectorReplyView, PolicySimulation } from "../../../../contract/features/connectors.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { ApiError, errorMessage } from "../../lib/api-error.ts";
import { codeText, trustLabel } from "../../lib/gateway-words.ts";
import { useLiveApprovals } from "../../lib/live-queries.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ApprovalQuestion } from "../../ui/approval-question.tsx";
import { CallPath } from "../../ui/call-path.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { JsonText } from "../../ui/json-text.tsx";
import { MarkdownView } from "../../ui/markdown/markdown-view.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./connectors.module.css";
import { heldFileOf } from "./held-file.ts";
import { readableOf } from "./readable-output.ts";
import { SaveFile } from "./save-file.tsx";
import { Verdict } from "./verdict.tsx";

/** What came back, how far it can be trusted, and the record of the call. */
export function CallResult({ reply: { output, trust, evidenceId, path, delivery } }: { reply: ConnectorReplyView }) {
  const readable = readableOf(output);
  const [form, setForm] = useState<"text" | "json">("text");
  const isText = readable !== null && form === "text";
  const file = heldFileOf(output);
  return (
    <Section title="Result">
      <div className={classes["result"]}>
        <div className={classes["line"]}>
          <StatusBadge status={delivery === undefined ? "succeeded" : "queued"} />
          {delivery === undefined ? <span className={classes["sub"]}>Trust: {trustLabel(trust)}</span> : null}
          <EvidenceLink id={evidenceId} />
          {delivery === undefined ? null : (
            <ActionLink to="/connectors" search={{ tab: "queue" }}>
              Show the queue
            </ActionLink>
          )}
        </div>
        {delivery === undefined ? null : (
          <Notice tone="info">It is accepted and will be delivered; the queue shows how far it is.</Notice>
        )}
        {file === null ? null : (
          <div className={classes["line"]}>
            <SaveFile file={file} />
          </div>
        )}
        {readable === null ? null : (
          <SegmentedControl
            aria-label="How the result is shown"
            className={classes["mode"] ?? ""}
            data={[
              { value: "text", label: "Readable" },
              { value: "json", label: "JSON" },
            ]}
            value={form}
            onChange={(value) => {
              setForm(value === "json" ? "json" : "text");
            }}
          />
        )}
        {isText ? (
          <div className={classes["document"]} tabIndex={0} role="region" aria-label="What came back">
            <MarkdownView text={readable} query="" />
          </div>
        ) : (
          <JsonText value={output} label="What came back" />
        )}
        <details className={classes["fold"]}>
          <summary className={classes["sub"]}>The way of the call</summary>
          <CallPath steps={path} />
        </details>
      </div>
    </Section>
  );
}

interface DryRunResultProps {
  result: PolicySimulation & { evidenceId: string | null };
  /** What a question would be about: "Slack: Send message". */
  title: string;
}

/** How a call would go. */
export function DryRunResult({ result, title }: DryRunResultProps) {
  return (
    <Section title="Dry run">
      <div className={classes["result"]}>
        <Verdict simulation={{ ...result, question: result.verdict === "asks" ? title : null }} />
        {result.evidenceId === null ? null : (
          <div className={classes["line"]}>
            <EvidenceLink id={result.evidenceId} />
          </div>
        )}
        <CallPath steps={result.path} />
      </div>
    </Section>
  );
}

/** Why a call did not end well, and what to do. */
export function FailedCall({ error }: { error: unknown }) {
  const known = error instanceof ApiError ? error : null;
  if (error instanceof DOMException && error.name === "AbortError")
    return <Notice tone="info">You have cancelled the call. Its record says how far it came.</Notice>;
  return (
    <Section title="Result">
      <div className={classes["result"]} role="alert">
        <div className={classes["line"]}>
          <StatusBadge status="failed" />
          {known?.reason == null ? null : <span className={classes["sub"]}>{codeText(known.reason)}</span>}
          {known?.evidenceId == null ? null : <EvidenceLink id={known.evidenceId} />}
        </div>
        <Notice tone="bad">{sentences(errorMessage(error), known?.hint)}</Notice>
        {known?.evidenceId != null || known?.correlationId == null ? null : (
          <p className={classes["sub"]}>
            Look for <CopyText text={known.correlationId} /> in the logs.
          </p>
        )}
      </div>
    </Section>
  );
}

/** The call is under way; when it asks first, its question can be answered here, too. */
export function WaitingCall({ connectorId, operation }: { connectorId: string; operation: string }) {
  const asked = (useLiveApprovals().data?.pending ?? []).filter(
    ({ subject }) =>
      subject.kind === "connector-call" &&
      subject.connectorId === connectorId &&
      subject.operation === operation &&
      subject.callerKind === "person",
  );
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asked.length > 0) place.current?.scrollIntoView({ block: "nearest", behavior: "instant" });
  }, [asked.length]);
  if (asked.length === 0) return <StatusBadge status="running" />;
  return (
    <Section title="Waiting for an answer">
      <div ref={place} className={classes["result"]}>
        {asked.map((approval) => (
          <ApprovalQuestion key={approval.id} approval={approval} />
        ))}
      </div>
    </Section>
  );
}

function EvidenceLink({ id }: { id: string }) {
  return (
    <ActionLink to="/connectors" search={{ tab: "evidence", call: id }}>
      Show the evidence
    </ActionLink>
  );
}
