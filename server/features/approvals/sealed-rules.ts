import type { ApprovalRule } from "../../../contract/features/approvals.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { ApprovalRulesFile } from "./approval-files.ts";
import { canonicalJson } from "../../../lib/canonical-json.ts";

/** The file of rules, which knows whether PortOS itself has written what it says. */
export interface SealedRules extends Pick<JsonStore<ApprovalRulesFile>, "get" | "update"> {
  isOurs(): boolean;
  /** What somebody else has written counts as ours. Throws `conflict` when it is not what was shown. */
  confirm(shown: readonly ApprovalRule[]): Promise<void>;
}

/**
 * While PortOS runs it knows what it has written; the seal says so after a restart. Nothing that was changed by somebody
 * else is sealed along with a change of ours: it takes a confirmation.
 */
export async function sealedRules(
  store: JsonStore<ApprovalRulesFile>,
  signer: () => Promise<(text: string) => string>,
): Promise<SealedRules> {
  const first = store.get();
  const isSealed =
    first.seal !== null &&
    (await signer().then(
      (sign) => sign(policyOf(first.rules)) === first.seal,
      () => false, // without the key nobody can tell
    ));
  /** What PortOS itself has written last, and what it is writing. */
  let ours = new Set([isSealed ? policyOf(first.rules) : policyOf([])]);
  let writing = 0;
  const isOurs = ({ rules }: ApprovalRulesFile): boolean => ours.has(policyOf(rules));

  async function write<R>(
    change: (file: ApprovalRulesFile) => { next: ApprovalRulesFile; result: R },
    mayTakeOver: boolean,
  ): Promise<R> {
    const sign = await signer();
    writing += 1;
    try {
      return await store.update((file) => {
        const { next, result } = change(file);
        if (!mayTakeOver && !isOurs(file)) return { next: { ...next, seal: null }, result };
        const policy = policyOf(next.rules);
        ours.add(policy);
        return { next: { ...next, seal: sign(policy) }, result };
      });
    } finally {
      writing -= 1;
      // Neither what was there before nor what the disk has refused may come back from elsewhere.
      if (writing === 0 && isOurs(store.get())) ours = new Set([policyOf(store.get().rules)]);
    }
  }

  return {
    get: () => store.get(),
    update: (change) => write(change, false),
    isOurs: () => isOurs(store.get()),
    confirm: (shown) =>
      write((file) => {
        if (policyOf(file.rules) !== policyOf(shown))
          throw new AppError("conflict", "The rules have changed since they were shown", { hint: "Read them again." });
        return { next: { ...file }, result: undefined };
      }, true),
  };
}

/** What rules say, whatever they were used for. */
function policyOf(rules: readonly ApprovalRule[]): string {
  return canonicalJson(rules.map((rule) => ({ ...rule, uses: 0, lastUsedAt: null })));
}
