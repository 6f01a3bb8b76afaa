import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";

import { ApiError } from "../../lib/api-error.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useLivePrompts } from "../../lib/live-queries.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconTemplateOff } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { PromptEditor } from "./prompt-editor.tsx";

const parents = [{ label: "Prompts", to: "/prompts" }];

/** One prompt: its editor with a preview beside it. `?versions=1` and `?run=1` open sheets. */
export function PromptPage() {
  const { promptId = "" }: { promptId?: string } = useParams({ strict: false });
  const list = useLivePrompts().data;
  const summary = list?.prompts.find(({ id }) => id === promptId);
  const { data, error, isPending, refetch } = useQuery(callQuery("prompts.get", { params: { id: promptId } }));
  const isOld = data !== undefined && summary !== undefined && data.summary.version !== summary.version;
  useEffect(() => {
    if (isOld) void refetch();
  }, [isOld, refetch]);
  if (data !== undefined) return <PromptEditor key={promptId} view={{ ...data, summary: summary ?? data.summary }} />;
  const isMissing = error instanceof ApiError && error.code === "not_found";
  return (
    <Page title="Prompt" parents={parents}>
      {isPending ? <LoadingState rows={6} label="Loading the prompt" /> : null}
      {isMissing ? (
        <EmptyState
          icon={IconTemplateOff}
          title="There is no such prompt"
          text="It may have been deleted. Its versions are still in data/prompts/.versions."
          action={<ActionLink to="/prompts">All prompts</ActionLink>}
        />
      ) : null}
      {error !== null && !isMissing ? (
        <ErrorState title="Could not load the prompt" error={error} onRetry={() => void refetch()} />
      ) : null}
    </Page>
  );
}
