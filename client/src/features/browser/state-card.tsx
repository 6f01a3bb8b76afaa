import { Button } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { BrowserView } from "../../../../contract/features/browser.ts";
import type { BrowserState, InstallHelp } from "../../../../contract/internal/browser.ts";
import { call } from "../../lib/api.ts";
import { formatCount, formatDuration } from "../../lib/format.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./browser.module.css";
import { browserStatus } from "./use-browser.ts";

type Command = "start" | "stop" | "restart";

/** Whether Chrome runs, how well, and the buttons for it. */
export function StateCard({ view }: { view: BrowserView }) {
  const { state, isProcessUp, asOf } = view;
  const updatedAt = asOf === null ? 0 : Date.parse(asOf);
  return (
    <Section title="Chrome" aside={<AgeNote updatedAt={updatedAt} isStale={!isProcessUp} />} isCard>
      <div className={classes["state"]}>
        <div>
          <StatusBadge status={isProcessUp && state !== null ? browserStatus[state.status] : "unknown"} />
        </div>
        {isProcessUp ? null : (
          <p className={classes["reason"]}>
            portos-browser does not answer. Chrome may still run; restart the process under Processes.
          </p>
        )}
        {state === null ? null : (
          <>
            <Reason state={state} />
            <Facts state={state} />
            <Commands state={state} isDisabled={!isProcessUp} />
          </>
        )}
      </div>
      {state?.install == null ? null : <Install help={state.install} />}
    </Section>
  );
}

function Reason({ state }: { state: BrowserState }) {
  const { status, reason, hint, nextTryAt } = state;
  if (status === "online" || reason === null) return null;
  return (
    <p className={classes["reason"]}>
      {reason}.{hint === null ? null : ` ${hint}`}
      {nextTryAt === null ? null : (
        <>
          {" "}
          Next try <Time iso={nextTryAt} />.
        </>
      )}
    </p>
  );
}

function Facts({ state }: { state: BrowserState }) {
  const { version, executable, pid, startedAt, isHeadless, isAdopted, restarts, lastRestart, health } = state;
  return (
    <dl className={classes["facts"]}>
      {version === null ? null : <Fact name="Version">{version.replace("/", " ")}</Fact>}
      {executable === null ? null : (
        <Fact name="Program">
          <span className="mono">{executable}</span>
        </Fact>
      )}
      {pid === null ? null : (
        <Fact name="Process">
          {pid}, {isHeadless ? "without a window" : "with a window"}
          {isAdopted ? ", taken over" : ""}
        </Fact>
      )}
      {startedAt === null ? null : (
        <Fact name="Runs for">
          <Time iso={startedAt} isAge />
        </Fact>
      )}
      {health === null ? null : (
        <Fact name="Health">
          {health.isOk ? `well, opened a test page in ${formatDuration(health.tookMs)}` : (health.error ?? "not well")},
          last tried <Time iso={health.checkedAt} />
        </Fact>
      )}
      {restarts === 0 || lastRestart === null ? null : (
        <Fact name={formatCount(restarts, "restart")}>
          {lastRestart.reason}, <Time iso={lastRestart.at} />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Commands({ state, isDisabled }: { state: BrowserState; isDisabled: boolean }) {
  const [busy, setBusy] = useState<Command | null>(null);
  const run = async (command: Command): Promise<void> => {
    setBusy(command);
    await withErrorToast(`Could not ${command} Chrome`, () => call(`browser.${command}`));
    setBusy(null);
  };
  if (state.status === "not_installed") return null;
  if (!state.settings.isEnabled) {
    return (
      <div className={classes["buttons"]}>
        <Button
          variant="filled"
          disabled={isDisabled}
          loading={busy === "start"}
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => void run("start")}
        >
          Start Chrome
        </Button>
      </div>
    );
  }
  return (
    <div className={classes["buttons"]}>
      <Button
        disabled={isDisabled}
        loading={busy === "restart"}
        leftSection={<IconRefresh size={14} />}
        onClick={() => void run("restart")}
      >
        Restart
      </Button>
      <Button
        disabled={isDisabled}
        loading={busy === "stop"}
        leftSection={<IconPlayerStop size={14} />}
        onClick={() => void run("stop")}
      >
        Stop
      </Button>
    </div>
  );
}

function Install({ help }: { help: InstallHelp }) {
  return (
    <div className={classes["help"]}>
      <p>Install Chrome or Chromium on {help.system}. It is found within a minute, without a restart.</p>
      {help.steps.map(({ what, command }) => (
        <div key={what}>
          <p className="dim">{what}</p>
          {command === null ? null : <CopyText text={command} />}
        </div>
      ))}
    </div>
  );
}
