import { Button, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { LocalServer } from "../../../../contract/features/local-models.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconCpu, IconDownload, IconRefresh } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import type { Status } from "../../ui/status.ts";
import { Time } from "../../ui/time.tsx";
import { AddressSheet } from "./address-sheet.tsx";
import { DownloadSheet } from "./download-sheet.tsx";
import { JobList } from "./job-list.tsx";
import { refreshServer, setServerEnabled } from "./local-calls.ts";
import classes from "./local-models.module.css";
import { ModelTable } from "./model-table.tsx";

const statuses: Record<LocalServer["state"], Status> = {
  off: "stopped",
  unknown: "unknown",
  up: "online",
  absent: "stopped",
  locked: "refused",
  failed: "errored",
};

/** One server: its switch, its address, its state with help, and everything it holds. */
export function ServerCard({ server }: { server: LocalServer }) {
  const client = useQueryClient();
  const [sheet, setSheet] = useState<"address" | "download" | null>(null);
  const { name, isEnabled, state, asOf, abilities } = server;
  const close = (): void => {
    setSheet(null);
  };
  return (
    <Section
      title={name}
      isCard
      aside={isEnabled ? <StatusBadge status={statuses[state]} /> : null}
      actions={
        <Switch
          label={isEnabled ? "On" : "Off"}
          aria-label={`${name} is on`}
          checked={isEnabled}
          onChange={(event) => {
            void setServerEnabled(client, server, event.currentTarget.checked);
          }}
        />
      }
    >
      <div className={classes["server"]}>
        <div className={classes["line"]}>
          <span className={classes["address"]}>
            <span className="mono">{server.baseUrl}</span>
            {server.version === null ? null : <span className="dim">version {server.version}</span>}
            {server.api === null || server.api === "native" ? null : (
              <span className="dim">interface {server.api}</span>
            )}
            {asOf === null ? null : (
              <span className="dim">
                as of <Time iso={asOf} />
              </span>
            )}
          </span>
          <span className={classes["buttons"]}>
            <Button
              onClick={() => {
                setSheet("address");
              }}
            >
              Address
            </Button>
            {isEnabled ? (
              <Button leftSection={<IconRefresh size={14} />} onClick={() => void refreshServer(client, server)}>
                Look again
              </Button>
            ) : null}
            {state === "up" && abilities.download === null ? (
              <Button
                leftSection={<IconDownload size={14} />}
                onClick={() => {
                  setSheet("download");
                }}
              >
                Download a model
              </Button>
            ) : null}
          </span>
        </div>
        {isEnabled ? null : (
          <p className="dim">It is off, so nothing is sent to this address. Turn it on to see what it holds.</p>
        )}
        <Help server={server} />
        <JobList server={server} />
        {state === "up" ? <Models server={server} /> : null}
      </div>
      <AddressSheet server={server} isOpen={sheet === "address"} onClose={close} />
      <DownloadSheet server={server} isOpen={sheet === "download"} onClose={close} />
    </Section>
  );
}

function Models({ server }: { server: LocalServer }) {
  const { models, abilities, name } = server;
  return (
    <>
      {abilities.load === null ? null : <Notice tone="info">{abilities.load}</Notice>}
      {models.length === 0 ? (
        <EmptyState
          icon={IconCpu}
          title="No models yet"
          text={`${name} runs and holds no model. Download one to use it here.`}
          isCompact
        />
      ) : (
        <ModelTable server={server} />
      )}
    </>
  );
}

function Help({ server: { message, help } }: { server: LocalServer }) {
  if (message === null) return null;
  return (
    <Notice tone="warn">
      <p>{message}</p>
      {help.length === 0 ? null : (
        <ul className={classes["help"]}>
          {help.map(({ text, command }) => (
            <li key={text}>
              {text} {command === null ? null : <CopyText text={command} />}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
