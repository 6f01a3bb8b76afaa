import { IconShieldCheck } from "../../ui/icons.gen.ts";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { PanelError } from "../../../../contract/features/notifications.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./notification-centre.module.css";

const maxErrors = 100;

/** The last failures of the panel and of what it runs, newest first, as they happen. */
export function ErrorList({ onLeave }: { onLeave: () => void }) {
  const [errors, setErrors] = useState<readonly PanelError[]>([]);
  const navigate = useNavigate();
  useFeed("errors", {
    onSnapshot: setErrors,
    onEvent: (error) => {
      setErrors((current) => [error, ...current].slice(0, maxErrors));
    },
  });
  if (errors.length === 0) {
    return (
      <EmptyState
        icon={IconShieldCheck}
        title="No errors"
        text="Failures of the panel itself appear here the moment they happen."
        isCompact
      />
    );
  }
  return (
    <ul role="list" className={classes["list"]}>
      {errors.map((error) => (
        <li key={error.id} className={classes["card"]} data-level="error">
          <div className={classes["body"]}>
            <p className={classes["source"]}>{error.source}</p>
            <p className={classes["text"]}>{error.message}</p>
            {error.hint === null ? null : <p className={classes["message"]}>{error.hint}</p>}
            <p className={classes["when"]}>
              <Time iso={error.at} /> {error.correlationId === null ? null : <CopyText text={error.correlationId} />}
            </p>
            {error.link === null ? null : (
              <button
                type="button"
                className={classes["link"]}
                onClick={() => {
                  onLeave();
                  void navigate({ href: error.link ?? "/" });
                }}
              >
                Show
              </button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
