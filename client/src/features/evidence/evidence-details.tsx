import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { EvidenceView } from "../../../../contract/features/evidence.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatDuration } from "../../lib/format.ts";
import { callerWords, codeText, effectWords, trustLabel } from "../../lib/gateway-words.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { Bytes } from "../../ui/bytes.tsx";
import { CallPath } from "../../ui/call-path.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Facts } from "../../ui/facts.tsx";
import { JsonText } from "../../ui/json-text.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { outcomeStatus } from "./evidence-words.ts";
import classes from "./evidence.module.css";

/** All that is known of one call. */
export function EvidenceDetails({ id, onClose }: { id: string | null; onClose: () => void }) {
  return (
    <SideSheet title="Call to the outside" isOpen={id !== null} onClose={onClose} width={640}>
      {id === null ? null : <Loaded key={id} id={id} />}
    </SideSheet>
  );
}

function Loaded({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("evidence.get", { params: { id } }));
  if (isPending) return <LoadingState rows={8} rowHeight={28} label="Loading the call" />;
  if (data === undefined)
    return <ErrorState title="Could not load the call" error={error} onRetry={() => void refetch()} isCompact />;
  return <Details call={data} />;
}

type Item = readonly [name: string, value: ReactNode];

function Details({ call }: { call: EvidenceView }) {
  const { outcome, message, code, path, request, reply } = call;
  return (
    <div className={classes["parts"]}>
      <div className={classes["outcome"]}>
        <StatusBadge status={outcomeStatus[outcome]} />
        {call.isDryRun ? <span className={classes["sub"]}>dry run, nothing was sent</span> : null}
        {code === null ? null : <span className={classes["sub"]}>{codeText(code)}</span>}
      </div>
      {message === null || outcome === "done" ? null : <Notice tone="bad">{message}</Notice>}
      <Facts layout="column" items={factsOf(call)} />
      <Section title="The way, step by step">
        <CallPath steps={path} />
      </Section>
      <Section title="What was asked for">
        <JsonText value={request} label="Arguments, without secrets" />
      </Section>
      <Section title="Where it went">
        <Facts layout="column" items={placesOf(call)} />
      </Section>
      {reply?.excerpt == null ? null : (
        <Section title="First of the reply">
          <pre className={classes["excerpt"]} tabIndex={0} role="region" aria-label="First of the reply">
            {reply.excerpt}
          </pre>
        </Section>
      )}
      <Section title="Seal">
        <Facts layout="column" items={sealOf(call)} />
      </Section>
    </div>
  );
}

function factsOf(call: EvidenceView): Item[] {
  const { connector, operation, effect, caller, at, durationMs, approval, delivery, trust, correlationId } = call;
  const who = [caller.name, caller.device].filter((part) => part !== undefined).join(" on ");
  return [
    [
      "Call",
      <Link key="call" to="/connectors/$connectorId" params={{ connectorId: connector }} search={{ operation }}>
        {connector} · {operation}
      </Link>,
    ],
    ["Effect", effectWords[effect]],
    ["Caller", `${callerWords[caller.kind]}: ${who}`],
    ...(caller.id === undefined ? [] : [["Caller’s id", <CopyText key="c" text={caller.id} />] satisfies Item]),
    ["When", formatAbsolute(at)],
    ["Took", formatDuration(durationMs)],
    ["Approval", approval === null ? "Nobody was asked" : approvalOf(approval)],
    ...(delivery === null ? [] : ([["Delivery", <DeliveryLink key="d" {...delivery} />]] satisfies Item[])),
    ...(trust === null ? [] : ([["Trust", trustLabel(trust)]] satisfies Item[])),
    ["Correlation", <CopyText key="corr" text={correlationId} />],
  ];
}

function DeliveryLink({ id, attempt }: NonNullable<EvidenceView["delivery"]>) {
  return (
    <>
      {attempt === 0 ? "Accepted as " : `Try ${String(attempt)} of `}
      <Link to="/connectors" search={{ tab: "evidence", deliveryId: id }}>
        {id}
      </Link>
    </>
  );
}

function approvalOf({ id, decision, by, at }: NonNullable<EvidenceView["approval"]>): ReactNode {
  return (
    <>
      <Link to="/approvals" search={{ approval: id }}>
        {decision}
      </Link>
      {by === null ? "" : ` by ${by}`}
      {at === null ? "" : `, ${formatAbsolute(at)}`}
    </>
  );
}

function placesOf({ targets, addresses, redirects, tries, status, bytesOut, bytesIn }: EvidenceView): Item[] {
  return [
    ["Meant", targets.length === 0 ? "–" : <List key="t" lines={targets} />],
    [
      "Dialled",
      addresses.length === 0 ? (
        "No connection was made"
      ) : (
        <List key="a" lines={addresses.map(({ host, address }) => `${host} → ${address}`)} />
      ),
    ],
    ...(redirects.length === 0
      ? []
      : ([
          ["Sent on", <List key="r" lines={redirects.map(({ status: code, to }) => `${String(code)} → ${to}`)} />],
        ] satisfies Item[])),
    ["Requests", String(tries)],
    ["Status", status === null ? "–" : String(status)],
    ["Sent", <Bytes key="out" value={bytesOut} />],
    ["Received", <Bytes key="in" value={bytesIn} />],
  ];
}

function sealOf({ id, n, hash, prev, isSealed, reply }: EvidenceView): Item[] {
  return [
    ["Id", <CopyText key="id" text={id} />],
    ["Number", n.toLocaleString("en")],
    ["Hash", <CopyText key="hash" text={hash} />],
    ["Row before", prev === "" ? "–" : <CopyText key="prev" text={prev} />],
    ["Sealed", isSealed ? "Yes: the row is as it was written" : "No: the row was changed after it was written"],
    ...(reply === null ? [] : ([["Reply’s hash", <CopyText key="sha" text={reply.sha256} />]] satisfies Item[])),
  ];
}

function List({ lines }: { lines: readonly string[] }) {
  return (
    <span className={classes["lines"]}>
      {lines.map((line, index) => (
        <span key={index} className="mono">
          {line}
        </span>
      ))}
    </span>
  );
}
