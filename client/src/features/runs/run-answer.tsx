import { useQuery } from "@tanstack/react-query";

import type { Run } from "../../../../contract/features/runs.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { ApiError } from "../../lib/api-error.ts";
import { call, url } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconAlertTriangle, IconChevronRight, IconCircleCheck, IconDownload } from "../../ui/icons.gen.ts";
import { CopyButton } from "../../ui/markdown/copy-button.tsx";
import classes from "./run-answer.module.css";

/** The answer of a run that was asked for JSON: whether it fits, and the value to be copied or downloaded. */
export function RunAnswer({ run }: { run: Pick<Run, "id" | "state" | "answerFormat" | "endedAt"> }) {
  const { id, state, answerFormat, endedAt } = run;
  const isAsked = answerFormat?.kind === "json" && !isOpenState(state);
  const wanted = { params: { id } };
  const { data, error } = useQuery({
    // A run that goes on answers once more.
    queryKey: [...callKey("runs.jsonAnswer", wanted), endedAt],
    queryFn: ({ signal }) => call("runs.jsonAnswer", wanted, { signal }),
    enabled: isAsked,
    retry: false,
  });
  if (!isAsked) return null;
  const isNone = error instanceof ApiError && error.code === "not_found";
  if (isNone) return <p className={classes["none"]}>{error.message}.</p>;
  if (error !== null) return <ErrorState title="The answer cannot be shown" error={error} isCompact />;
  if (data === undefined) return null;
  const fits = answerFormat.schema === null ? "It is JSON" : "It fits its schema";
  return (
    <details className={classes["answer"]}>
      <summary>
        <IconChevronRight size={14} className={classes["chevron"]} aria-hidden />
        <span className={classes["name"]}>answer.json</span>
        {data.problem === null ? (
          <span className={classes["fits"]}>
            <IconCircleCheck size={14} aria-hidden />
            {fits}
          </span>
        ) : (
          <span className={classes["problem"]}>
            <IconAlertTriangle size={14} aria-hidden />
            {data.problem}
          </span>
        )}
      </summary>
      <div className={classes["body"]}>
        <div className={classes["actions"]}>
          <CopyButton text={data.text} label="Copy the answer" />
          <a
            className={classes["link"]}
            href={url("runs.downloadAnswer", wanted)}
            download
            title="Download the answer"
            aria-label="Download the answer"
          >
            <IconDownload size={14} />
          </a>
        </div>
        <pre tabIndex={0}>{data.text}</pre>
      </div>
    </details>
  );
}
