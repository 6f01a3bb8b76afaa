import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { ApprovalRule } from "../../../../contract/features/approvals.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconPlus, IconShieldCheck } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { ruleText } from "./approval-words.ts";
import classes from "./approvals.module.css";
import { RuleEditor } from "./rule-editor.tsx";
import { useRuleNames } from "./use-rule-names.ts";

/** Rules that answer without asking; one is edited at `?rule=<id>`, a new one made at `?rule=new`. */
export function RuleList() {
  const rules = useQuery(callQuery("approvals.rules"));
  useFeed("approvals", {
    onSnapshot: () => void rules.refetch(),
    onEvent: ({ kind }) => {
      if (kind === "rules-changed") void rules.refetch();
    },
  });
  const [search, setSearch] = useSearchState();
  const edited = search["edit"];
  const create = (
    <Button
      variant="filled"
      leftSection={<IconPlus size={14} />}
      onClick={() => {
        setSearch({ edit: "new" }, { push: true });
      }}
    >
      New rule
    </Button>
  );
  return (
    <>
      {rules.isPending ? <LoadingState rows={3} rowHeight={64} label="Loading the rules" /> : null}
      {rules.data === undefined && rules.error !== null ? (
        <ErrorState title="Could not load the rules" error={rules.error} onRetry={() => void rules.refetch()} />
      ) : null}
      {rules.data?.length === 0 ? (
        <EmptyState
          icon={IconShieldCheck}
          title="Everything is asked"
          text="A rule answers for you: in one app or folder, for one kind of action or commands that begin with exactly these words. What it answers stays in the history."
          action={create}
        />
      ) : null}
      {rules.data === undefined || rules.data.length === 0 ? null : (
        <>
          <div className={classes["all"]}>{create}</div>
          <ChangedOutside rules={rules.data} onConfirmed={() => void rules.refetch()} />
          <ul role="list" className={classes["rules"]}>
            {rules.data.map((rule) => (
              <li key={rule.id}>
                <RuleRow rule={rule} />
              </li>
            ))}
          </ul>
        </>
      )}
      {edited === undefined || rules.data === undefined ? null : (
        <RuleEditor
          rule={rules.data.find(({ id }) => id === edited)}
          onClose={() => {
            setSearch({ edit: null });
          }}
        />
      )}
    </>
  );
}

type ListedRule = ApprovalRule & { isChangedOutside: boolean };

function withoutMark(listed: ListedRule): ApprovalRule {
  const { isChangedOutside, ...rule } = listed;
  void isChangedOutside;
  return rule;
}

/** Rules somebody else has written allow nothing until the user has looked at them. */
function ChangedOutside({ rules, onConfirmed }: { rules: readonly ListedRule[]; onConfirmed: () => void }) {
  if (!rules.some(({ isChangedOutside }) => isChangedOutside)) return null;
  const confirm = async (): Promise<void> => {
    const body = rules.map(withoutMark);
    if (await withErrorToast("Could not confirm the rules", () => call("approvals.confirmRules", { body })))
      onConfirmed();
  };
  return (
    <div className={classes["changed"]} role="status">
      <Notice tone="warn">
        The rules were changed outside of PortOS. Look them through: until you confirm them, none of them allows
        anything.
      </Notice>
      <Button onClick={() => void confirm()}>Confirm these rules</Button>
    </div>
  );
}

function RuleRow({ rule }: { rule: ListedRule }) {
  const client = useQueryClient();
  const names = useRuleNames();
  const [, setSearch] = useSearchState();
  const { id, name, effect, uses, lastUsedAt, expiresAt, origin, isChangedOutside } = rule;
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: callKey("approvals.rules") });
  const remove = async (): Promise<void> => {
    const isDone = await withErrorToast("Could not delete the rule", () =>
      call("approvals.removeRule", { params: { id } }),
    );
    if (!isDone) return;
    await refresh();
    undoToast(`Deleted ${name}`, async () => {
      await call("approvals.restoreRule", { params: { id } });
      await refresh();
    });
  };
  return (
    <article className={classes["rule"]} aria-label={name}>
      <div className={classes["ruleBody"]}>
        <p className={classes["ruleName"]}>
          <StatusBadge status={effect === "allow" ? "allowed" : "denied"} isCompact /> {name}
        </p>
        <p className={classes["ruleText"]}>{ruleText(rule, names)}</p>
        {isChangedOutside && effect === "allow" ? (
          <p className={classes["unconfirmed"]}>Allows nothing until you confirm it</p>
        ) : null}
        <p className={classes["ruleText"]}>
          {uses === 0 ? (
            "Not used yet"
          ) : (
            <>
              <Link to="/approvals" search={{ tab: "history", rule: id }} className="touch-wide">
                Used {formatCount(uses, "time")}
              </Link>
              {lastUsedAt === null ? null : (
                <>
                  , last <Time iso={lastUsedAt} />
                </>
              )}
            </>
          )}
          {expiresAt === null ? null : (
            <>
              {" · ends "}
              <Time iso={expiresAt} />
            </>
          )}
          {origin === "decision" ? " · made by an answer" : ""}
        </p>
      </div>
      <div className={classes["ruleActions"]}>
        <Button
          onClick={() => {
            setSearch({ edit: id }, { push: true });
          }}
        >
          Edit
        </Button>
        <Button variant="subtle" color="gray" onClick={() => void remove()}>
          Delete
        </Button>
      </div>
    </article>
  );
}
