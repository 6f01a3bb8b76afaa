import { useQuery } from "@tanstack/react-query";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "../../ui/icons.gen.ts";

import { useState } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { useLiveMachine, useLiveProcesses } from "../../lib/live-queries.ts";
import { Section } from "../../ui/section.tsx";
import { runChecks, type Check } from "./checks.ts";
import classes from "./system.module.css";

const icons = { ok: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX };
const words = { ok: "Fine", warn: "Worth a look", bad: "Wrong" };

/** Checks of the panel: what is fine in one line, what is not with the way to mend it. */
export function ChecksCard() {
  const [openedAt] = useState(() => Date.now());
  const checks = runChecks({
    processes: useLiveProcesses().data,
    machine: useLiveMachine().data,
    access: useQuery(callQuery("system.access", undefined, { isKept: true })).data,
    problems: useQuery(callQuery("system.problems", undefined, { isKept: true })).data,
    backups: useQuery(callQuery("backups.list", undefined, { isKept: true })).data,
    isSecure: isSecureContext,
    nowMs: openedAt,
  });
  const order = { bad: 0, warn: 1, ok: 2 };
  return (
    <Section title="Checks" isCard>
      <ul role="list" className={classes["checks"]} aria-live="polite">
        {checks
          .toSorted((a, b) => order[a.state] - order[b.state])
          .map((check) => (
            <li key={check.id}>
              <CheckLine check={check} />
            </li>
          ))}
      </ul>
    </Section>
  );
}

function CheckLine({ check }: { check: Check }) {
  const Icon = icons[check.state];
  return (
    <div className={classes["check"]} data-state={check.state}>
      <Icon size={16} />
      <div>
        <p className={classes["checkLabel"]}>
          {check.label}
          <span className="visually-hidden">: {words[check.state]}</span>
        </p>
        <p className="dim">{check.text}</p>
        {check.fix === undefined ? null : <p className={classes["fix"]}>{check.fix}</p>}
      </div>
    </div>
  );
}
