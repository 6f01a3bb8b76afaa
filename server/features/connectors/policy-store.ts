import {
  connectorPolicySchema,
  type ConnectorPolicy,
  type PolicyChange,
  type PolicyView,
} from "../../../contract/features/connectors.ts";
import type { Clock } from "../../../lib/clock.ts";
import { publicGuard } from "../../../lib/guarded-http/public-guard.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { createPolicyJudge, type PolicyJudge } from "../../connectors/framework/policy.ts";
import { canonicalJson } from "../../../lib/canonical-json.ts";
import type { PoliciesFile } from "./connector-files.ts";

/** What calls of each connector may do. */
export interface PolicyStore {
  of(id: string): ReadPolicy;
  view(id: string): PolicyView;
  /** Throws `invalid_request` for domains or places that cannot be read. */
  put(id: string, policy: ConnectorPolicy, by: string): Promise<PolicyView>;
  /** Whatever comes with this id has the usual one, and no history. */
  forget(id: string): Promise<void>;
}

/** A policy with what was made of it. */
export interface ReadPolicy {
  policy: ConnectorPolicy;
  judge: PolicyJudge;
}

const keepChanges = 50;
const usual = connectorPolicySchema.parse({});
/** While what the user has allowed cannot be read, nothing is. */
const closed = connectorPolicySchema.parse({ operations: [] });

/** The store over its open file. */
export function createPolicyStore({ store, clock }: { store: JsonStore<PoliciesFile>; clock: Clock }): PolicyStore {
  const read = new WeakMap<ConnectorPolicy, ReadPolicy>();

  function recordOf(id: string) {
    const { policies } = store.get();
    return Object.hasOwn(policies, id) ? policies[id] : undefined;
  }

  function view(id: string): PolicyView {
    const record = recordOf(id);
    return { policy: record?.policy ?? usual, isDefault: record === undefined, history: record?.history ?? [] };
  }

  return {
    of(id) {
      const isUnreadable = store.problems().length > 0 && recordOf(id) === undefined;
      const policy = isUnreadable ? closed : view(id).policy;
      const known = read.get(policy) ?? readPolicy(policy);
      read.set(policy, known);
      return known;
    },
    view,
    async put(id, policy, by) {
      readPolicy(policy);
      const at = new Date(clock.now()).toISOString();
      await store.update(({ policies }) => {
        const record = Object.hasOwn(policies, id) ? policies[id] : undefined;
        const before = record?.policy ?? usual;
        const fields = changedFields(before, policy);
        const change: PolicyChange = { at, by, fields, before };
        const history = [...(fields.length === 0 ? [] : [change]), ...(record?.history ?? [])].slice(0, keepChanges);
        return { next: { policies: { ...policies, [id]: { policy, history } } }, result: null };
      });
      return view(id);
    },
    forget: (id) =>
      store.update(({ policies }) => {
        const { [id]: _forgotten, ...others } = policies;
        return { next: { policies: others }, result: undefined };
      }),
  };
}

/** Throws `invalid_request` for what cannot be read in it. */
export function readPolicy(policy: ConnectorPolicy): ReadPolicy {
  publicGuard({ ownPorts: [], targets: policy.insides.map((address) => ({ address })) });
  return { policy, judge: createPolicyJudge(policy) };
}

function changedFields(before: ConnectorPolicy, after: ConnectorPolicy): string[] {
  const names = Object.keys(after) as (keyof ConnectorPolicy)[];
  return names.filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name]));
}
