import { Button, Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import type { ConnectorView, OperationView } from "../../../../contract/features/connectors.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { localId } from "../../lib/clipboard.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { Section } from "../../ui/section.tsx";
import type { Values } from "../../ui/schema-form/schema-values.ts";
import { CallResult, DryRunResult, FailedCall, WaitingCall } from "./call-result.tsx";
import classes from "./connectors.module.css";
import { ParamsEditor, useParams } from "./params-editor.tsx";

interface TryOperationProps {
  connector: ConnectorView;
  operation: OperationView;
}

/** Calls an operation by hand, or shows how the call would go. */
export function TryOperation({ connector, operation }: TryOperationProps) {
  const params = useParams(operation.input);
  const tries = useTries(connector, operation);
  const { effect, description, title } = operation;
  const [isQueued, setIsQueued] = useState(false);
  const outcome = useInView(tries.doneAt);
  const run = async (): Promise<void> => {
    const given = params.check();
    if (given === null) return;
    if (effect === "destructive" && !(await isSure(connector, operation))) return;
    tries.execute(given, isQueued);
  };
  return (
    <>
      <Section title={title}>
        <form
          className={`${classes["form"] ?? ""} ${classes["narrow"] ?? ""}`}
          noValidate
          autoComplete="off"
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <p className={classes["sub"]}>{description}</p>
          <ParamsEditor params={params} examples={operation.examples} errors={fieldErrors(tries.error)} />
          {effect === "read" ? null : (
            <Switch
              label="Deliver through the queue"
              description="Sent again until it arrives, also after a restart; shown under Queue"
              checked={isQueued}
              onChange={(event) => {
                setIsQueued(event.currentTarget.checked);
              }}
            />
          )}
          <div className={classes["buttons"]}>
            <Button
              onClick={() => {
                const given = params.check();
                if (given !== null) tries.dryRun(given);
              }}
              loading={tries.isDryRunning}
            >
              Dry run
            </Button>
            <Button type="submit" variant="filled" loading={tries.isRunning}>
              {effect === "read" ? "Call" : `${title} now`}
            </Button>
            {tries.isRunning ? <Button onClick={tries.cancel}>Cancel</Button> : null}
          </div>
        </form>
      </Section>
      <div ref={outcome} aria-live="polite" className={`${classes["result"] ?? ""} ${classes["outcome"] ?? ""}`}>
        {tries.isRunning ? <WaitingCall connectorId={connector.id} operation={operation.name} /> : null}
        {tries.shown}
      </div>
    </>
  );
}

/** The form may fill the window: what came back would be missed below it. */
function useInView(doneAt: number) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (doneAt > 0) element.current?.scrollIntoView({ block: "nearest", behavior: "instant" });
  }, [doneAt]);
  return element;
}

function isSure({ title }: ConnectorView, operation: OperationView): Promise<boolean> {
  return confirmDangerous({
    title: `${title}: ${operation.title}?`,
    text: "It takes something away for good. A dry run shows what would be called.",
    confirmLabel: operation.title,
  });
}

/** The newest try of either kind is the one that is shown. */
function useTries({ id, title }: ConnectorView, { name: operation, title: called }: OperationView) {
  const client = useQueryClient();
  const abort = useRef<AbortController | null>(null);
  const [last, setLast] = useState<"call" | "dry">("call");
  const target = { id, operation };
  const changed = (): void => {
    for (const key of ["connectors.list", "evidence.list", "outbox.list"] as const)
      void client.invalidateQueries({ queryKey: callKey(key) });
    void client.invalidateQueries({ queryKey: callKey("connectors.get", { params: { id } }) });
  };
  const executing = useMutation({
    mutationFn({ params, isQueued }: { params: Values; isQueued: boolean }) {
      abort.current = new AbortController();
      const body = { params: { ...params }, ...(isQueued ? { idempotencyKey: localId() } : {}) };
      return call("connectors.execute", { params: target, body }, { signal: abort.current.signal });
    },
    onSettled: changed,
  });
  const dry = useMutation({
    mutationFn: (params: Values) => call("connectors.dryRun", { params: target, body: { params: { ...params } } }),
  });
  const error = last === "call" ? executing.error : dry.error;
  return {
    isRunning: executing.isPending,
    isDryRunning: dry.isPending,
    /** Changes with every end of a try. */
    doneAt: executing.isPending || dry.isPending ? 0 : executing.submittedAt + dry.submittedAt,
    error,
    shown:
      last === "dry" ? (
        dry.data === undefined ? (
          error && <FailedCall error={error} />
        ) : (
          <DryRunResult result={dry.data} title={`${title}: ${called}`} />
        )
      ) : executing.data === undefined ? (
        error && <FailedCall error={error} />
      ) : (
        <CallResult reply={executing.data} />
      ),
    execute(params: Values, isQueued: boolean) {
      setLast("call");
      executing.mutate({ params, isQueued });
    },
    dryRun(params: Values) {
      setLast("dry");
      dry.mutate(params);
    },
    cancel: () => abort.current?.abort(),
  };
}
