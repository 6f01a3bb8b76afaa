import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { PushDevice, PushPreferences } from "../../../../contract/features/push.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconBellRinging, IconDeviceMobile } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { DeviceCard } from "./device-card.tsx";
import { ownDeviceId, pushObstacle, suggestedName, turnOn } from "./push-device.ts";
import { PushHelp } from "./push-help.tsx";
import classes from "./push.module.css";

function firstPreferences(): PushPreferences {
  return {
    name: suggestedName(),
    events: ["approval", "run-failed", "run-finished", "crash"],
    showsDetails: false,
    quietHours: null,
  };
}

/** Messages to devices while no page is open: this device first, then the others. */
export function PushTab() {
  const devices = useQuery(callQuery("push.devices"));
  const client = useQueryClient();
  const [isBusy, setIsBusy] = useState(false);
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: callKey("push.devices") });
  if (devices.isPending) return <LoadingState rows={2} rowHeight={96} label="Loading devices" />;
  if (devices.data === undefined)
    return (
      <ErrorState title="Could not load the devices" error={devices.error} onRetry={() => void devices.refetch()} />
    );
  const own = devices.data.find(({ id }) => id === ownDeviceId());
  const others = devices.data.filter((device) => device !== own);
  const obstacle = pushObstacle();
  const start = async (): Promise<void> => {
    setIsBusy(true);
    await withErrorToast("Messages could not be turned on", () => turnOn(firstPreferences()));
    await refresh();
    setIsBusy(false);
  };
  return (
    <div className={classes["narrow"]}>
      <Section title="This device">
        {own === undefined && obstacle === null ? (
          <EmptyState
            icon={IconBellRinging}
            title="No messages here"
            text="When an agent asks, a run ends or something crashes, this device can tell you while no page is open. The message goes through the push service of your browser, encrypted so that only this device can read it."
            action={
              <Button variant="filled" loading={isBusy} onClick={() => void start()}>
                Turn on messages
              </Button>
            }
            isCompact
          />
        ) : null}
        {own === undefined && obstacle !== null ? <PushHelp obstacle={obstacle} /> : null}
        {own === undefined ? null : <DeviceCard device={own} isOwn onChange={refresh} />}
      </Section>
      <Section title="Other devices">
        {others.length === 0 ? (
          <EmptyState
            icon={IconDeviceMobile}
            title="No other device"
            text="Open this page on your phone and turn messages on there. The device you used last is told first; when it does not show the message within 20 seconds, the next one is."
            isCompact
          />
        ) : (
          <ul role="list" className={classes["devices"]}>
            {others.map((device: PushDevice) => (
              <li key={device.id}>
                <DeviceCard device={device} onChange={refresh} />
              </li>
            ))}
          </ul>
        )}
      </Section>
    </div>
  );
}
