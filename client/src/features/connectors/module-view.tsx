import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import type { ConnectorModule } from "../../../../contract/features/connector-modules.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useDraft } from "../../lib/drafts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./connectors.module.css";
import { moduleAbout } from "./draft-about.ts";
import { renewOwn } from "./own-calls.ts";
import { SourceField } from "./source-field.tsx";

/** A program beside the pages: look at it, change it, accept it. `id` is `null` when it is closed. */
export function ModuleSheet({ id, onClose }: { id: string | null; onClose: () => void }) {
  return (
    <SideSheet title={id ?? "Program"} isOpen={id !== null} onClose={onClose} width={820}>
      {id === null ? null : <ModuleView id={id} onDone={onClose} />}
    </SideSheet>
  );
}

/** Its text, what keeps it in, and the button that lets it run. */
export function ModuleView({ id, onDone }: { id: string; onDone?: () => void }) {
  const params = { id };
  const { data, error, isPending, refetch } = useQuery(callQuery("connectorModules.get", { params }));
  const client = useQueryClient();
  const draft = useDraft<string | null>(`module:${id}`, moduleAbout(id), null);
  const written = draft.value;
  const save = useMutation({
    mutationFn: ({ hash, source }: { hash: string; source: string | null }) =>
      source === null
        ? call("connectorModules.accept", { params, body: { hash } })
        : call("connectorModules.put", { params, body: { source, replaces: hash } }),
    async onSuccess() {
      draft.drop();
      await renewOwn(client, id);
      onDone?.();
    },
  });
  if (isPending) return <LoadingState rows={8} rowHeight={24} label="Loading the program" />;
  if (data === undefined)
    return <ErrorState title="Could not load the program" error={error} onRetry={() => void refetch()} />;
  const { file, hash, state, sources } = data;
  const main = sources.find((one) => one.file === file)?.text ?? "";
  const isWritten = written !== null && written !== main;
  return (
    <div className={classes["parts"]}>
      <State module={data} />
      <SourceField label={file} value={written ?? main} onChange={draft.set} />
      {sources
        .filter((one) => one.file !== file)
        .map((one) => (
          <details key={one.file} className={classes["fold"]}>
            <summary className={classes["sub"]}>{one.file}</summary>
            <pre className={classes["source"]}>{one.text}</pre>
          </details>
        ))}
      <FormError error={save.error} />
      <div className={classes["buttons"]}>
        {state === "accepted" && !isWritten ? null : (
          <Button
            variant="filled"
            loading={save.isPending}
            onClick={() => {
              save.mutate({ hash, source: isWritten ? written : null });
            }}
          >
            {isWritten ? "Save and accept it" : "Accept it as it is"}
          </Button>
        )}
      </div>
    </div>
  );
}

const stateWords: Record<ConnectorModule["state"], string> = {
  accepted: "It is accepted, and runs when it is called.",
  new: "It does not run before you have looked at it and accepted it.",
  changed: "It has changed since it was accepted. It does not run before you have looked at it and accepted it.",
  failed: "It cannot be used.",
};

function State({ module: { state, walls, isConfined, failure, acceptedAt, acceptedBy } }: { module: ConnectorModule }) {
  return (
    <>
      <Notice tone={state === "accepted" ? "info" : "warn"}>
        {stateWords[state]}
        {acceptedAt === null ? null : (
          <>
            {" "}
            Accepted by {acceptedBy} <Time iso={acceptedAt} />.
          </>
        )}
      </Notice>
      {failure === null ? null : (
        <Notice tone="warn">
          <Time iso={failure.at} />: {failure.message}
        </Notice>
      )}
      <p className={isConfined ? classes["sub"] : classes["warn"]}>{walls}</p>
    </>
  );
}
