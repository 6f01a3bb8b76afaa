import { useQuery } from "@tanstack/react-query";

import type { ConnectorUse, ConnectorView } from "../../../../contract/features/connectors.ts";
import { callQuery } from "../../lib/call-query.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./connectors.module.css";

const kinds: Readonly<Record<ConnectorUse["kind"], string>> = {
  automation: "Automation",
  webhook: "Webhook",
  subscription: "Feed",
  rule: "Rule",
  token: "Token",
};

/** What does not work, or works otherwise, without this connector. */
export function UsesSection({ connector: { id, title } }: { connector: ConnectorView }) {
  const { data, error, isPending, refetch } = useQuery({
    ...callQuery("connectors.uses", { params: { id } }),
    staleTime: 0,
  });
  return (
    <Section title="Used by">
      {isPending ? <LoadingState rows={2} label="Loading what uses it" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load what uses it" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data?.uses.length === 0 ? (
        <p className={classes["sub"]}>
          No automation, webhook, feed, rule or token names {title}. People and agents may call it.
        </p>
      ) : null}
      {data === undefined || data.uses.length === 0 ? null : (
        <ul role="list" className={classes["uses"]} aria-label="Used by">
          {data.uses.map((use) => (
            <li key={`${use.kind}/${use.id}`}>
              <span className={classes["sub"]}>{kinds[use.kind]}</span>
              <UseLink use={use} />
              <span className={classes["sub"]}>
                {use.detail}
                {use.isActive ? "" : " · off"}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function UseLink({ use: { kind, id, name } }: { use: ConnectorUse }) {
  if (kind === "automation")
    return (
      <ActionLink to="/automations/$automationId" params={{ automationId: id }}>
        {name}
      </ActionLink>
    );
  if (kind === "webhook")
    return (
      <ActionLink to="/connectors" search={{ tab: "webhooks" }}>
        {name}
      </ActionLink>
    );
  if (kind === "token")
    return (
      <ActionLink to="/connectors" search={{ tab: "mcp" }}>
        {name}
      </ActionLink>
    );
  if (kind === "rule")
    return (
      <ActionLink to="/approvals" search={{ tab: "rules" }}>
        {name}
      </ActionLink>
    );
  return <span className={classes["calledName"]}>{name}</span>;
}
