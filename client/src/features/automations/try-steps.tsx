import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { ConnectorTry, TriedStep } from "../../../../contract/features/automation-connectors.ts";
import type { EventName } from "../../../../contract/features/events.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { call } from "../../lib/api.ts";
import { codeText } from "../../lib/gateway-words.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconFlask } from "../../ui/icons.gen.ts";
import { JsonText } from "../../ui/json-text.tsx";
import { Notice } from "../../ui/notice.tsx";
import { readJson } from "../../ui/schema-form/json-field.tsx";
import { UnreadableText } from "../../ui/schema-form/schema-values.ts";
import classes from "./automations.module.css";
import type { ConnectorAction } from "./connector-draft.ts";

/** Shows what each step would send and what would become of it; nothing leaves. */
export function TrySteps({
  action,
  automationId,
  events,
}: {
  action: ConnectorAction;
  automationId: string | undefined;
  events: readonly EventName[];
}) {
  const [first] = events;
  const [message, setMessage] = useState("");
  const given = readJson(message);
  const isUnreadable = given instanceof UnreadableText;
  const tried = useMutation({
    mutationFn: () =>
      call("automations.tryConnectors", {
        body: {
          action,
          ...(automationId === undefined ? {} : { automation: automationId }),
          ...(first === undefined ? {} : { event: first }),
          ...(given === undefined ? {} : { message: isUnreadable ? message : (given as never) }),
        },
      }),
  });
  const isReady = action.steps.every(({ connector, operation }) => connector !== "" && operation !== "");
  return (
    <div className={classes["tries"]}>
      <details>
        <summary className={classes["sub"]}>A message to try it with</summary>
        <Textarea
          aria-label="A message to try it with"
          description={
            isUnreadable ? "It is no JSON, so only trigger.text has a value." : "What a webhook would bring."
          }
          autosize
          minRows={2}
          maxRows={10}
          spellCheck={false}
          classNames={{ input: "mono" }}
          placeholder={'{ "title": "Hello" }'}
          value={message}
          onChange={(event) => {
            setMessage(event.currentTarget.value);
          }}
        />
      </details>
      {first === undefined ? null : (
        <p className={classes["sub"]}>
          Tried with the newest <code>{first}</code> there was, else with an example of one.
        </p>
      )}
      <Button
        leftSection={<IconFlask size={14} />}
        disabled={!isReady}
        loading={tried.isPending}
        onClick={() => {
          tried.mutate();
        }}
      >
        Try without sending
      </Button>
      <div aria-live="polite" className={classes["tries"]}>
        <FormError error={tried.error} />
        {tried.data === undefined ? null : <Tried result={tried.data} />}
      </div>
    </div>
  );
}

function Tried({ result: { steps, basedOn } }: { result: ConnectorTry }) {
  return (
    <>
      {basedOn === null ? null : <p className={classes["sub"]}>With what the last run gave.</p>}
      <ol role="list" className={classes["tried"]} aria-label="What would be sent">
        {steps.map((step, index) => (
          <li key={index}>
            <h4>Step {index + 1}</h4>
            <StepVerdict step={step} />
            {step.params === null ? null : (
              <JsonText value={step.params} label={`Arguments of step ${String(index + 1)}`} />
            )}
            {step.evidenceId === null ? null : (
              <ActionLink to="/connectors" search={{ tab: "evidence", call: step.evidenceId }}>
                Show the way of the dry run
              </ActionLink>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

function StepVerdict({ step: { verdict, question, code, message, hint } }: { step: TriedStep }) {
  if (verdict === "allowed") return <Notice tone="ok">It would be made; nobody is asked.</Notice>;
  if (verdict === "asks") return <Notice tone="warn">You would be asked first: {question}</Notice>;
  return (
    <Notice tone={verdict === "later" ? "info" : "bad"}>
      {verdict === "later" ? null : <strong>It would be refused{code === null ? "" : `: ${codeText(code)}`}. </strong>}
      {sentences(message, hint)}
    </Notice>
  );
}
