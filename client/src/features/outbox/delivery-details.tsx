import type { ReactNode } from "react";

import type { Delivery } from "../../../../contract/features/outbox.ts";
import { callerWords } from "../../lib/gateway-words.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Facts } from "../../ui/facts.tsx";
import { JsonText } from "../../ui/json-text.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { deliveryStatus } from "./delivery-columns.tsx";
import classes from "./outbox.module.css";

/** What is to be delivered, for whom, and what happened so far. */
export function DeliveryDetails({ delivery, onClose }: { delivery: Delivery | undefined; onClose: () => void }) {
  return (
    <SideSheet title="Delivery" isOpen={delivery !== undefined} onClose={onClose} width={560}>
      {delivery === undefined ? null : <Details delivery={delivery} />}
    </SideSheet>
  );
}

function Details({ delivery }: { delivery: Delivery }) {
  const { id, connector, operation, state, attempts, failure, caller, acceptedAt, dueAt, behind } = delivery;
  const facts: [string, ReactNode][] = [
    ["Call", `${connector} · ${operation}`],
    ["Caller", `${callerWords[caller.kind]}: ${caller.name}`],
    ["Accepted", formatAbsolute(acceptedAt)],
    ["Tries", String(attempts)],
    ...(dueAt === null ? [] : [["Next try", formatAbsolute(dueAt)] satisfies [string, ReactNode]]),
    ...(behind === null ? [] : [["Behind", <CopyText key="behind" text={behind} />] satisfies [string, ReactNode]]),
    ["Order", delivery.orderingKey ?? "None: it may overtake others"],
    ["Id", <CopyText key="id" text={id} />],
  ];
  return (
    <div className={classes["parts"]}>
      <div>
        <StatusBadge status={deliveryStatus[state]} />
      </div>
      {failure === null ? null : <Notice tone={state === "dead" ? "bad" : "warn"}>{failure.message}</Notice>}
      <Facts layout="column" items={facts} />
      <JsonText value={delivery.input} label="What is sent, without secrets" />
      <div className={classes["buttons"]}>
        <ActionLink to="/connectors" search={{ tab: "evidence", deliveryId: id }}>
          Show all tries
        </ActionLink>
      </div>
    </div>
  );
}
