import {
  connectorPolicySchema,
  type ConnectorPolicy,
  type PolicyChange,
  type PolicyView,
} from "../../../contract/features/connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { StoreProblemKind } from "../../../lib/file-problems.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { digestOf } from "../../connectors/framework/digest-of.ts";
import { createPolicyJudge, type PolicyJudge } from "../../connectors/framework/policy.ts";
import { canonicalJson } from "../../../lib/canonical-json.ts";
import type { PoliciesFile } from "./connector-files.ts";
import { refusePolicy, unreadableEntries } from "./policy-issues.ts";

/** What calls of each connector may do. */
export interface PolicyStore {
  /** One that cannot be read, or may have been lost, allows nothing. */
  of(id: string): ReadPolicy;
  view(id: string): PolicyView;
  /** Name of what stands there now; the same for the same policy. */
  revision(id: string): string;
  /**
   * Throws `invalid_request` for domains or places that cannot be read, and `conflict` when there is another revision by now than the
   * one it is based on.
   */
  put(id: string, policy: ConnectorPolicy, by: string, basedOn?: string): Promise<PolicyView>;
  /** Whatever comes with this id has the usual one, and no history. */
  forget(id: string): Promise<void>;
}

/** A policy with what was made of it. */
export interface ReadPolicy {
  policy: ConnectorPolicy;
  judge: PolicyJudge;
  /** Why nothing is allowed, although nobody said so. */
  problem: string | null;
}

const keepChanges = 50;
const usual = connectorPolicySchema.parse({});
/** While what the user has allowed cannot be read, nothing is. */
const closed = readPolicy(connectorPolicySchema.parse({ operations: [] }));
/** What is in force is as it was before. */
const harmless = new Set<StoreProblemKind>(["unwritable", "lock_lost", "invalid_edit"]);
const lost: ReadPolicy = {
  ...closed,
  problem: "The file of the policies was damaged, and what it said of this connector may be lost",
};

/** The store over its open file. */
export function createPolicyStore({ store, clock }: { store: JsonStore<PoliciesFile>; clock: Clock }): PolicyStore {
  const read = new WeakMap<ConnectorPolicy, ReadPolicy>();
  const named = new WeakMap<ConnectorPolicy, string>();

  function recordOf(id: string) {
    const { policies } = store.get();
    return Object.hasOwn(policies, id) ? policies[id] : undefined;
  }

  function revisionOf(policy: ConnectorPolicy): string {
    const known = named.get(policy) ?? digestOf(policy).slice(0, 16);
    named.set(policy, known);
    return known;
  }

  function view(id: string): PolicyView {
    const record = recordOf(id);
    const { problem } = of(id);
    const policy = record?.policy ?? usual;
    return {
      policy,
      revision: revisionOf(policy),
      isDefault: record === undefined,
      history: record?.history ?? [],
      problem,
    };
  }

  function of(id: string): ReadPolicy {
    const record = recordOf(id);
    if (record === undefined && store.problems().some(({ kind }) => !harmless.has(kind))) return lost;
    const policy = record?.policy ?? usual;
    const known = read.get(policy) ?? readOrClosed(policy);
    read.set(policy, known);
    return known;
  }

  return {
    of,
    view,
    revision: (id) => revisionOf(recordOf(id)?.policy ?? usual),
    async put(id, policy, by, basedOn) {
      readPolicy(policy);
      const at = new Date(clock.now()).toISOString();
      await store.update(({ policies }) => {
        const record = Object.hasOwn(policies, id) ? policies[id] : undefined;
        const before = record?.policy ?? usual;
        if (basedOn !== undefined && basedOn !== revisionOf(before)) throw changedMeanwhile(record?.history[0]);
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

/** Throws `invalid_request` for what cannot be read in it, each entry by its path below `where`. */
export function readPolicy(policy: ConnectorPolicy, where = ""): ReadPolicy {
  refusePolicy(unreadableEntries(policy), where);
  return { policy, judge: createPolicyJudge(policy), problem: null };
}

/** Somebody may have written it by hand. */
function readOrClosed(policy: ConnectorPolicy): ReadPolicy {
  try {
    return readPolicy(policy);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...closed, problem: `It cannot be read: ${wordsOf(error)}` };
  }
}

function changedMeanwhile(last: PolicyChange | undefined): AppError {
  const by = last === undefined ? "" : `: the last change is from ${last.by}`;
  return new AppError("conflict", `The policy was changed meanwhile${by}`, {
    hint: "Nothing was saved. Read it again, and make your changes to what it is now.",
  });
}

function wordsOf({ message, issues = [] }: AppError): string {
  return issues.length === 0 ? message : issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
}

function changedFields(before: ConnectorPolicy, after: ConnectorPolicy): string[] {
  const names = Object.keys(after) as (keyof ConnectorPolicy)[];
  return names.filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name]));
}
