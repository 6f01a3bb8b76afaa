import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { IconChevronRight, IconCircle, IconCircleCheckFilled } from "../../ui/icons.gen.ts";

import type { Onboarding } from "../../../../contract/features/onboarding.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { Section } from "../../ui/section.tsx";
import classes from "./first-steps.module.css";

type StepId = Onboarding["steps"][number]["id"];

const steps: Record<StepId, { label: string; link: Pick<LinkProps, "to" | "search"> }> = {
  "add-app": { label: "Add your first app", link: { to: "/apps/import" } },
  "start-app": { label: "Start an app", link: { to: "/apps" } },
  "open-terminal": { label: "Open a terminal", link: { to: "/terminal" } },
  "create-automation": { label: "Create an automation", link: { to: "/automations" } },
  "open-on-phone": { label: "Open PortOS on your phone", link: { to: "/system", search: { tab: "access" } } },
  "make-backup": { label: "Make a backup", link: { to: "/system", search: { tab: "backups" } } },
};

/** The first five minutes, until every step is true or the list is put away. */
export function FirstSteps() {
  const client = useQueryClient();
  const { data } = useQuery(callQuery("onboarding.get", undefined, { isKept: true }));
  if (data === undefined || data.isDismissed || data.steps.every((step) => step.isDone)) return null;
  const setDismissed = async (isDismissed: boolean): Promise<void> => {
    client.setQueryData(callKey("onboarding.get"), await call("onboarding.dismiss", { body: { isDismissed } }));
  };
  const hide = async (): Promise<void> => {
    const isDone = await withErrorToast("Could not hide the first steps", () => setDismissed(true));
    if (isDone) undoToast("First steps hidden", () => setDismissed(false));
  };
  const done = data.steps.filter((step) => step.isDone).length;
  return (
    <Section
      title="First steps"
      isCard
      aside={<span className="dim tabular">{`${String(done)} of ${String(data.steps.length)}`}</span>}
      actions={
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => void hide()}>
          Hide
        </Button>
      }
    >
      <ol role="list" className={classes["list"]}>
        {data.steps.map((step) => (
          <li key={step.id}>
            <Link
              {...(steps[step.id].link as LinkProps)}
              className={classes["step"]}
              data-done={step.isDone || undefined}
            >
              {step.isDone ? <IconCircleCheckFilled size={17} /> : <IconCircle size={17} />}
              <span>{steps[step.id].label}</span>
              {step.isDone ? <span className="visually-hidden">(done)</span> : <IconChevronRight size={15} />}
            </Link>
          </li>
        ))}
      </ol>
    </Section>
  );
}
