import { Button, Switch, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Hook, HookDeliveryView } from "../../../../contract/features/hooks.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { addressOf, statusOf } from "./hook-words.ts";
import { HookStarts, isUnderWay } from "./hook-starts.tsx";
import classes from "./hooks.module.css";

/** Address, secret that was just made, messages and a test of one webhook. */
export function HookDetails({ hook, secret }: { hook: Hook; secret: string | null }) {
  const [made, setMade] = useState(secret);
  const renew = useMutation({
    mutationFn: () => call("hooks.changeSecret", { params: { id: hook.id }, body: {} }),
    onSuccess: (changed) => {
      setMade(changed.secret);
    },
  });
  return (
    <div className={classes["parts"]}>
      <Section title="Address">
        <CopyText text={addressOf(hook.id)} />
        <p className={classes["text"]}>
          Only who reaches this PortOS can send here: this machine, your tailnet, or a relay whose name you have
          allowed.
        </p>
      </Section>
      <Section
        title="Secret"
        actions={
          <Button onClick={() => renew.mutate()} loading={renew.isPending}>
            Make a new one
          </Button>
        }
      >
        {made === null ? (
          <p className={classes["text"]}>
            {hook.secret.last4 === null
              ? "It is set and not shown again."
              : `It ends in ${hook.secret.last4} and is not shown again.`}
            {hook.hasFormerSecret ? " The former one counts until the new one was used, at most for a day." : ""}
          </p>
        ) : (
          <Notice tone="info">
            <div className={classes["secret"]}>
              <p>Copy it now: it is not shown again.</p>
              <CopyText text={made} />
            </div>
          </Notice>
        )}
        <FormError error={renew.error} />
      </Section>
      <TestSender hook={hook} />
      <Deliveries hookId={hook.id} />
    </div>
  );
}

function TestSender({ hook }: { hook: Hook }) {
  const [body, setBody] = useState('{"type":"test","hello":"world"}');
  const [isHandedOn, setIsHandedOn] = useState(false);
  const test = useMutation({
    mutationFn: () => call("hooks.test", { params: { id: hook.id }, body: { body, isHandedOn } }),
  });
  return (
    <Section title="Send a test">
      <div className={classes["form"]}>
        <Textarea
          label="Body"
          autosize
          minRows={2}
          maxRows={8}
          classNames={{ input: "mono" }}
          value={body}
          onChange={(event) => {
            setBody(event.currentTarget.value);
          }}
        />
        {hook.automationId === null ? null : (
          <Switch
            label="Also start the automation"
            checked={isHandedOn}
            onChange={(event) => {
              setIsHandedOn(event.currentTarget.checked);
            }}
          />
        )}
        <FormError error={test.error} />
        <div className={classes["formActions"]}>
          <span role="status" className={classes["text"]}>
            {test.data === undefined ? "" : test.data.message}
          </span>
          <Button onClick={() => test.mutate()} loading={test.isPending}>
            Send
          </Button>
        </div>
      </div>
    </Section>
  );
}

/** While something that a message started goes on. */
const lookEveryMs = 2_000;

function Deliveries({ hookId }: { hookId: string }) {
  const query = useQuery({
    ...callQuery("hooks.deliveries", { query: { hook: hookId, limit: 50 } }),
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) === true ? lookEveryMs : false),
  });
  const [openId, setOpenId] = useState<string | null>(null);
  return (
    <Section title="Messages">
      {query.isPending ? <LoadingState rows={3} rowHeight={48} label="Loading messages" /> : null}
      {query.data === undefined && query.error !== null ? (
        <ErrorState
          title="Could not load the messages"
          error={query.error}
          onRetry={() => void query.refetch()}
          isCompact
        />
      ) : null}
      {query.data?.items.length === 0 ? <p className={classes["text"]}>None came yet.</p> : null}
      <ul role="list" className={classes["deliveries"]}>
        {(query.data?.items ?? []).map((delivery) => (
          <li key={delivery.id} className={classes["delivery"]}>
            <DeliveryLine delivery={delivery} />
            <HookStarts delivery={delivery} />
            <div className={classes["rowActions"]}>
              <Button
                variant="subtle"
                aria-expanded={openId === delivery.id}
                onClick={() => {
                  setOpenId(openId === delivery.id ? null : delivery.id);
                }}
              >
                {openId === delivery.id ? "Hide" : "Show"}
              </Button>
            </div>
            {openId === delivery.id ? <DeliveryText id={delivery.id} /> : null}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function DeliveryLine({ delivery }: { delivery: HookDeliveryView }) {
  const { event, isTest, verdict, message, at, bytes, caller } = delivery;
  return (
    <>
      <div className={classes["line"]}>
        <StatusBadge status={statusOf(delivery)} isCompact />
        <strong>{event ?? "message"}</strong>
        {isTest ? <span className="dim">test</span> : null}
        <Time iso={at} />
      </div>
      <p className={classes["text"]}>
        {verdict === "accepted" ? "" : `${message} · `}
        {bytes.toLocaleString("en")} bytes · from {caller.name}
      </p>
    </>
  );
}

function DeliveryText({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("hooks.delivery", { params: { id } }));
  if (isPending) return <LoadingState rows={1} rowHeight={48} label="Loading the message" />;
  if (data === undefined)
    return <ErrorState title="Could not load the message" error={error} onRetry={() => void refetch()} isCompact />;
  const headers = data.headers.map(({ name, value }) => `${name}: ${value}`).join("\n");
  return (
    <pre className={classes["message"]} tabIndex={0} role="region" aria-label="The message">
      {`${headers}\n\n${data.text ?? "(its body was not kept)"}`}
    </pre>
  );
}
