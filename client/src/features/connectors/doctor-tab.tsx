import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import type { ConnectorView, DoctorReport, DoctorStep } from "../../../../contract/features/connectors.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { call } from "../../lib/api.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconStethoscope,
} from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { FailedCall } from "./call-result.tsx";
import classes from "./connectors.module.css";

const names: Readonly<Record<DoctorStep["step"], string>> = {
  name: "Name",
  connection: "Connection",
  encryption: "Encryption",
  clock: "Clock",
  program: "Program",
  protocol: "MCP",
  version: "What answers",
  tools: "Tools",
  "sign-in": "Signing in",
};

const looks = {
  good: { icon: IconCircleCheck, word: "good" },
  warning: { icon: IconAlertTriangle, word: "look at this" },
  bad: { icon: IconCircleX, word: "does not work" },
  skipped: { icon: IconCircleDashed, word: "not looked at" },
} as const;

/** Every step of the way to the other side, looked at one by one, with what to do where it ends. */
export function DoctorTab({ connector }: { connector: ConnectorView }) {
  const { id, title } = connector;
  const look = useMutation({ mutationFn: () => call("connectors.doctor", { params: { id } }) });
  const button = (
    <Button
      variant="filled"
      leftSection={<IconStethoscope size={14} />}
      loading={look.isPending}
      onClick={() => {
        look.mutate();
      }}
    >
      {look.data === undefined ? "Look at the way" : "Look again"}
    </Button>
  );
  if (look.isIdle)
    return (
      <EmptyState
        icon={IconStethoscope}
        title={`What is wrong on the way to ${title}?`}
        text="Looks at the name, the connection, the certificate, the clock and the sign-in, one after another; an MCP server is asked what it offers, and started where it is a program. Nothing is changed; each look has a record."
        action={button}
      />
    );
  return (
    <>
      <div className={classes["line"]}>
        {button}
        {look.data === undefined ? null : (
          <span className={classes["sub"]}>
            looked <Time iso={look.data.at} />
          </span>
        )}
      </div>
      <div aria-live="polite" className={`${classes["result"] ?? ""} ${classes["looked"] ?? ""}`}>
        {look.isPending ? <LoadingState rows={5} label="Looking" /> : null}
        {look.error === null ? null : <FailedCall error={look.error} />}
        {look.data === undefined ? null : <Report report={look.data} />}
      </div>
    </>
  );
}

function Report({ report: { targets, signIn, evidenceIds } }: { report: DoctorReport }) {
  return (
    <>
      {targets.map(({ target, steps }) => (
        <Section key={target} title={target}>
          <Steps label={`The way to ${target}`} steps={steps} />
        </Section>
      ))}
      <Section title="The other side">
        {targets.length === 0 ? (
          <p className={classes["sub"]}>It has no place of its own: each call says where it goes.</p>
        ) : null}
        <Steps label="The other side" steps={[signIn]} />
      </Section>
      <div className={classes["line"]}>
        {evidenceIds.map((id, index) => (
          <ActionLink key={id} to="/connectors" search={{ tab: "evidence", call: id }}>
            {evidenceIds.length === 1 ? "Show the evidence" : `Show evidence ${String(index + 1)}`}
          </ActionLink>
        ))}
      </div>
    </>
  );
}

function Steps({ label, steps }: { label: string; steps: readonly DoctorStep[] }) {
  return (
    <ol role="list" className={classes["doctor"]} aria-label={label}>
      {steps.map(({ step, verdict, message, hint, ms }) => {
        const { icon: Icon, word } = looks[verdict];
        return (
          <li key={step} data-verdict={verdict}>
            <span className={classes["doctorMark"]}>
              <Icon size={16} />
            </span>
            <div>
              <p>
                <strong>{names[step]}</strong> <span className={classes["sub"]}>{word}</span>
                {ms < 1 ? null : <span className={classes["sub"]}> · {ms.toLocaleString("en")} ms</span>}
              </p>
              <p className={classes["doctorWords"]}>{sentences(message)}</p>
              {hint === null ? null : <p className={classes["doctorWords"]}>{sentences(hint)}</p>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
