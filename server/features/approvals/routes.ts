import { approvalsEndpoints } from "../../../contract/features/approvals.ts";
import type { Mount, RequestContext } from "../../http/mount.ts";
import type { ApprovalHistory } from "./approval-history.ts";
import type { Answerer, ApprovalService } from "./approval-service.ts";
import { deviceName } from "../../device-name.ts";
import { previewRule } from "./rule-match.ts";
import type { RuleService } from "./rule-service.ts";

const previewOver = 50;

interface Dependencies {
  approvals: ApprovalService;
  history: ApprovalHistory;
  rules: RuleService;
}

/** Mounts the endpoints of approvals and of the rules that answer them. */
export function mountApprovals(mount: Mount, { approvals, history, rules }: Dependencies): void {
  mount(
    "approvals",
    approvalsEndpoints,
  )({
    list: () => approvals.list(),
    history: ({ query }) => history.page(query),
    get: ({ params }) => approvals.get(params.id),
    decide: ({ params, body }, context) => approvals.decide(params.id, { ...body, ...answererOf(context) }),
    denyAll: async (_, context) => ({
      denied: await approvals.denyAll(answererOf(context), "All questions were denied"),
    }),
    rules: () => rules.list(),
    async confirmRules({ body }) {
      await rules.confirm(body);
      await approvals.applyRules();
      return null;
    },
    async createRule({ body }, { caller }) {
      const rule = await rules.create(body, caller.name);
      await approvals.applyRules();
      return rule;
    },
    async previewRule({ body }) {
      const { items } = await history.page({ limit: previewOver });
      return previewRule(body, items, approvals.list().pending);
    },
    async updateRule({ params, body }) {
      const rule = await rules.update(params.id, body);
      await approvals.applyRules();
      return rule;
    },
    removeRule: ({ params }) => rules.remove(params.id),
    restoreRule: ({ params }) => rules.restore(params.id),
  });
}

function answererOf({ caller, header }: RequestContext): Answerer {
  return { by: caller.name, device: deviceName(caller, header("user-agent")) };
}
