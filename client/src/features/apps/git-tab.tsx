import { useQuery } from "@tanstack/react-query";
import { IconGitBranch } from "../../ui/icons.gen.ts";

import type { App } from "../../../../contract/features/apps.ts";
import { callQuery } from "../../lib/call-query.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./apps.module.css";

/** Where the project's repository stands. */
export function GitTab({ app }: { app: App }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("apps.git", { params: { id: app.id } }));
  if (isPending) return <LoadingState rows={3} rowHeight={32} label="Asking git" />;
  if (error !== null)
    return <ErrorState title="Could not read the repository" error={error} onRetry={() => void refetch()} />;
  if (data === null) {
    return (
      <EmptyState
        icon={IconGitBranch}
        title="Not a git repository"
        text="Once the folder is in a repository, its branch and remote appear here, and incidents tell what changed."
        isCompact
      />
    );
  }
  return (
    <Section title="Repository" isCard>
      <dl className={classes["facts"]}>
        <dt>Branch</dt>
        <dd className="mono">{data.branch ?? "detached"}</dd>
        <dt>Commit</dt>
        <dd>{data.head === null ? "none yet" : <CopyText text={data.head} label={data.head.slice(0, 12)} />}</dd>
        <dt>Remote</dt>
        <dd>{data.remote === null ? "none" : <CopyText text={data.remote} />}</dd>
        <dt>Files</dt>
        <dd>{data.isDirty ? "There are uncommitted changes." : "Everything is committed."}</dd>
      </dl>
    </Section>
  );
}
