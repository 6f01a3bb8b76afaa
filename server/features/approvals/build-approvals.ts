import { approvalSchema, approvalsFeed, type Approval } from "../../../contract/features/approvals.ts";
import type { Settings } from "../../../contract/features/settings.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import { approvalRulesFile, approvalsFile, type ApprovalRulesFile, type ApprovalsFile } from "./approval-files.ts";
import { createApprovalHistory } from "./approval-history.ts";
import { tellApprovals } from "./approval-notices.ts";
import { createApprovalSettler } from "./approval-settler.ts";
import { createApprovalService, type ApprovalService } from "./approval-service.ts";
import { mountApprovals } from "./routes.ts";
import { createRuleService } from "./rule-service.ts";
import {
  createGoOn,
  createRunApprovals,
  createRunDelivery,
  type AskingRuns,
  type RunApprovals,
} from "./run-approvals.ts";

const lookEveryMs = 1_000;

interface Dependencies {
  runs: AskingRuns;
  notifications: Pick<NotificationService, "notify" | "settle" | "list">;
  settings: Pick<JsonStore<Settings>, "get">;
}

/** Questions to the user on the API, the `approvals` feed and in the notification centre. Tell `runApprovals` what runs do. */
export async function buildApprovals(
  context: AppContext,
  { runs, notifications, settings }: Dependencies,
): Promise<{ approvals: ApprovalService; runApprovals: RunApprovals; log: JsonLog<Approval> }> {
  const { clock, mount, realtime } = context;
  const logger = context.logger.child("approvals");
  const log = await context.openLog<Approval>("approvalHistory", {
    schema: approvalSchema,
    dayOf: ({ decision, createdAt }) => decision?.at ?? createdAt,
  });
  const history = createApprovalHistory(log);
  const ruleStore = await context.openStore<ApprovalRulesFile>("approvalRules", approvalRulesFile);
  const rules = await createRuleService({
    store: ruleStore,
    clock,
    signer: () => context.secrets.signer("approval rules"),
  });
  const feed = createFeed(realtime, approvalsFeed, { snapshot: () => approvals.list() });
  const stopFollowing = ruleStore.subscribe(() => {
    feed.publish({ kind: "rules-changed" });
  });
  const store = await context.openStore<ApprovalsFile>("approvals", approvalsFile);
  const publish = (approval: Approval): void => {
    feed.publish({ kind: "changed", approval });
  };
  const settler = createApprovalSettler({ store, history, deliver: createRunDelivery(runs), logger, publish });
  await settler.start();
  const expireAfterMs = (): number => settings.get().approvals.expireAfterMinutes * 60_000;
  const goOn = createGoOn(runs);
  const approvals = createApprovalService({ store, settler, history, rules, clock, expireAfterMs, publish, goOn });
  await tellApprovals(approvals, notifications, logger);
  mountApprovals(mount, { approvals, history, rules });
  context.names.add("approvals", async ({ id = "" }) =>
    id.startsWith("rule-")
      ? rules.list().find((rule) => rule.id === id)?.name
      : (await approvals.get(id)).subject.title,
  );

  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking || approvals.open().length === 0) return;
    isLooking = true;
    approvals
      .lookAtTime()
      .catch((error: unknown) => {
        logger.error("The time of questions could not be looked at", {}, error);
      })
      .finally(() => {
        isLooking = false;
      });
  }, lookEveryMs);
  timer.unref();
  const runApprovals = createRunApprovals({ approvals, rules, logger });
  context.onStop(async () => {
    clearInterval(timer);
    stopFollowing();
    await runApprovals.settled();
  });
  return { approvals, runApprovals, log };
}
