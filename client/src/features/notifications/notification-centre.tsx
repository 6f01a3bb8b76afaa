import "../../app/styles/mantine-rest.ts";

import { Button } from "@mantine/core";
import { IconBellOff } from "../../ui/icons.gen.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { useLiveNotifications } from "../../lib/live-queries.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { ErrorList } from "./error-list.tsx";
import { NotificationCard } from "./notification-card.tsx";
import classes from "./notification-centre.module.css";

/** What happened while nobody looked: notifications, and the errors of the panel itself. */
export function NotificationCentre({ onClose }: { onClose: () => void }) {
  const [part, setPart] = useState<"notifications" | "errors">("notifications");
  return (
    <SideSheet title="Notifications" isOpen onClose={onClose}>
      <div className={classes["parts"]} role="tablist" aria-label="What to show">
        {(["notifications", "errors"] as const).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={part === name}
            className={classes["part"]}
            onClick={() => {
              setPart(name);
            }}
          >
            {name === "notifications" ? "For you" : "Errors"}
          </button>
        ))}
      </div>
      {part === "notifications" ? <NotificationList onLeave={onClose} /> : <ErrorList onLeave={onClose} />}
    </SideSheet>
  );
}

function NotificationList({ onLeave }: { onLeave: () => void }) {
  const { data, error, isPending, dataUpdatedAt, refetch } = useLiveNotifications();
  const client = useQueryClient();
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: callKey("notifications.list") });
  if (isPending) return <LoadingState rows={3} rowHeight={64} />;
  if (data === undefined)
    return <ErrorState title="Could not load notifications" error={error} onRetry={() => void refetch()} isCompact />;
  if (data.length === 0) {
    return (
      <EmptyState
        icon={IconBellOff}
        title="Nothing new"
        text="Crashes, failed automations and finished work are told here, and on Home when they need you."
        isCompact
      />
    );
  }
  return (
    <>
      <div className={classes["bar"]}>
        <AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          disabled={data.every((item) => item.isRead)}
          onClick={() =>
            void withErrorToast("Could not mark as read", async () => {
              await call("notifications.readAll");
              await refresh();
            })
          }
        >
          Mark all read
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          onClick={() =>
            void withErrorToast("Could not clear", async () => {
              await call("notifications.clear");
              await refresh();
            })
          }
        >
          Clear
        </Button>
      </div>
      <ul role="list" className={classes["list"]}>
        {data.map((item) => (
          <NotificationCard key={item.id} notification={item} onOpen={onLeave} onChange={refresh} />
        ))}
      </ul>
    </>
  );
}
