import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { PushDelivery, PushDevice } from "../../../../contract/features/push.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import classes from "./push.module.css";

const waitMs = 20_000;

/** Sends a test message and says how far it came: sent, taken by the push service, shown, clicked. */
export function TestMessage({ device, onChange }: { device: PushDevice; onChange: () => Promise<void> }) {
  const [sent, setSent] = useState<PushDelivery | null>(null);
  const [isSending, setIsSending] = useState(false);
  /** The message that was not shown in time. */
  const [lateId, setLateId] = useState<string | null>(null);
  useEffect(() => {
    if (sent === null) return undefined;
    const timer = setTimeout(() => {
      setLateId(sent.id);
    }, waitMs);
    return () => {
      clearTimeout(timer);
    };
  }, [sent]);
  const isLate = sent !== null && lateId === sent.id;
  const { data } = useQuery({
    ...callQuery("push.delivery", { params: { id: sent?.id ?? "" } }),
    enabled: sent !== null && sent.failure === null,
    refetchInterval: ({ state }) => (state.data?.clickedAt || isLate ? false : 1_000),
  });
  const send = async (): Promise<void> => {
    setIsSending(true);
    await withErrorToast("The message could not be sent", async () => {
      setSent(await call("push.test", { params: { id: device.id } }));
    });
    setIsSending(false);
    await onChange();
  };
  const delivery = sent === null ? null : data?.id === sent.id ? data : sent;
  return (
    <div className={classes["test"]}>
      <Button loading={isSending} onClick={() => void send()}>
        Send a test message
      </Button>
      <p className={classes["text"]} role="status">
        {delivery === null ? "" : outcomeText(delivery, isLate)}
      </p>
    </div>
  );
}

function outcomeText({ failure, clickedAt, shownAt, acceptedAt }: PushDelivery, isLate: boolean): string {
  if (failure !== null) return failure;
  if (clickedAt !== null) return "Shown and opened.";
  if (shownAt !== null) return "Shown on the device.";
  if (acceptedAt === null) return "Sending…";
  return isLate
    ? "The push service took it, but the device has not shown it: it may be offline, or set to show nothing."
    : "The push service took it; waiting for the device…";
}
