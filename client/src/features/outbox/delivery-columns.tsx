import { Button } from "@mantine/core";

import type { Delivery, DeliveryPage } from "../../../../contract/features/outbox.ts";
import { codeText } from "../../lib/gateway-words.ts";
import type { Column } from "../../ui/data-table.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import type { Status } from "../../ui/status.ts";
import { Time } from "../../ui/time.tsx";
import { summaryOf } from "./delivery-summary.ts";
import classes from "./outbox.module.css";

/** How far a delivery is, in the words used everywhere. */
export const deliveryStatus: Readonly<Record<Delivery["state"], Status>> = {
  queued: "queued",
  sending: "sending",
  waiting: "trying again",
  dead: "given up",
};

/** "2 queued, 1 sending" */
export function countsText({ queued, sending, waiting }: DeliveryPage["counts"]): string {
  const parts = [
    [queued, "queued"],
    [sending, "sending"],
    [waiting, "to be tried again"],
  ] as const;
  return parts.flatMap(([count, word]) => (count === 0 ? [] : [`${String(count)} ${word}`])).join(", ");
}

export interface DeliveryActions {
  /** What was pressed and is not done yet. */
  busyId: string | null;
  open: (delivery: Delivery) => void;
  retry: (delivery: Delivery) => Promise<void>;
  discard: (delivery: Delivery) => Promise<void>;
}

export function deliveryColumns(actions: DeliveryActions): Column<Delivery>[] {
  return [
    {
      id: "what",
      header: "Delivery",
      isMain: true,
      cell: (delivery) => (
        <span className={classes["stack"]}>
          <button
            type="button"
            className={classes["open"]}
            onClick={() => {
              actions.open(delivery);
            }}
          >
            {delivery.connector} · {delivery.operation}
          </button>
          <span className={classes["sub"]}>{summaryOf(delivery.input)}</span>
          <span className={classes["sub"]}>
            key {delivery.idempotencyKey}, {delivery.caller.name}, <Time iso={delivery.acceptedAt} />
          </span>
        </span>
      ),
    },
    { id: "state", header: "State", width: "220px", isUnlabelled: true, cell: (delivery) => <State {...delivery} /> },
    {
      id: "why",
      header: "Last try",
      isUnlabelled: true,
      cell: ({ failure }) =>
        failure === null ? null : (
          <span className={classes["stack"]}>
            <span>{codeText(failure.code)}</span>
            <span className={classes["sub"]}>{failure.message}</span>
          </span>
        ),
    },
    {
      id: "actions",
      header: "Actions",
      width: "190px",
      isUnlabelled: true,
      cell: (delivery) => <Buttons delivery={delivery} actions={actions} />,
    },
  ];
}

function State({ state, attempts, dueAt, behind }: Delivery) {
  return (
    <span className={classes["stack"]}>
      <StatusBadge status={deliveryStatus[state]} isCompact />
      <span className={classes["sub"]}>
        {attempts === 0 ? "not tried yet" : attempts === 1 ? "tried once" : `tried ${String(attempts)} times`}
        {dueAt === null || state !== "waiting" ? null : (
          <>
            , next <Time iso={dueAt} />
          </>
        )}
        {behind === null ? "" : ", behind another one"}
      </span>
    </span>
  );
}

function Buttons({ delivery, actions }: { delivery: Delivery; actions: DeliveryActions }) {
  const { id, connector, operation, idempotencyKey, state } = delivery;
  const name = `${connector} ${operation}, key ${idempotencyKey}`;
  if (state === "sending") return null;
  return (
    <span className={classes["buttons"]}>
      <Button aria-label={`Retry ${name}`} loading={actions.busyId === id} onClick={() => void actions.retry(delivery)}>
        Retry
      </Button>
      <Button
        variant="subtle"
        color="gray"
        aria-label={`Discard ${name}`}
        disabled={actions.busyId === id}
        onClick={() => void actions.discard(delivery)}
      >
        Discard
      </Button>
    </span>
  );
}
