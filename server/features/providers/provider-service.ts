import { maskedKeyEnd } from "../../../contract/api-key.ts";
import type {
  Chain,
  Provider,
  ProviderHealth,
  ProviderInput,
  ProviderList,
  Tier,
} from "../../../contract/features/providers.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { checkFallbacks, modelFor, walkChain } from "./fallback-chain.ts";
import type { ProviderHealths } from "./provider-health.ts";
import { type ProviderRecord, toProvider, toRecord } from "./provider-record.ts";
import type { ProviderStore } from "./provider-store.ts";
import { type ResolveDependencies, skipReason } from "./resolve-targets.ts";

export interface ProviderView {
  provider: Provider;
  health: ProviderHealth;
}

/** What a person does with providers. Health and events follow the file, so nothing here touches them. */
export interface ProviderService {
  list(): ProviderList;
  view(id: string): ProviderView;
  /** A new provider is off until it is turned on. */
  create(id: string | undefined, input: ProviderInput): Promise<ProviderView>;
  update(id: string, input: ProviderInput): Promise<ProviderView>;
  setEnabled(id: string, isEnabled: boolean): Promise<ProviderView>;
  remove(id: string): Promise<{ id: string; name: string }>;
  restore(id: string): Promise<ProviderView>;
  check(id: string): Promise<ProviderHealth>;
  chain(id: string, tier: Tier): Chain;
  checkChain(id: string, tier: Tier): Promise<Chain>;
}

interface Dependencies {
  store: ProviderStore;
  healths: ProviderHealths;
  secrets: SecretBox;
  resolving: ResolveDependencies;
  /** Throws `conflict` while nobody may be contacted. */
  checkAllowed(): void;
  clock: Clock;
}

/** The service over the stored providers. */
export function createProviderService({
  store,
  healths,
  secrets,
  resolving,
  checkAllowed,
  clock,
}: Dependencies): ProviderService {
  const now = (): string => new Date(clock.now()).toISOString();
  const viewOf = (record: ProviderRecord): ProviderView => ({
    provider: toProvider(record, secrets),
    health: healths.of(record),
  });

  /** Sealing takes time: when the provider was changed meanwhile, secrets that stay are taken from what it is by then. */
  async function replace(id: string, input: ProviderInput): Promise<ProviderRecord> {
    for (;;) {
      const before = store.get(id);
      const wanted = withKeptKey(input, before, secrets);
      refuseKeyForOthers(before, wanted);
      const { isEnabled, createdAt } = before;
      const record = await toRecord(wanted, before, { id, isEnabled, createdAt, updatedAt: now() }, secrets);
      const found = { isSame: true };
      const changed = await store.change(id, (current) => {
        found.isSame = JSON.stringify(current) === JSON.stringify(before);
        return found.isSame ? record : current;
      });
      if (found.isSame) return changed;
    }
  }

  function chain(id: string, tier: Tier): Chain {
    const { records, problem } = walkChain(store.get(id), tier, store.find);
    const steps = records.map((record) => {
      const model = modelFor(record, tier);
      const reason = skipReason(record, model, resolving);
      return {
        providerId: record.id,
        providerName: record.name,
        model,
        skipReason: reason === null ? null : `${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}`,
      };
    });
    return { steps, problem };
  }

  return {
    list: () => ({
      providers: store.all().map((record) => toProvider(record, secrets)),
      health: store.all().map((record) => healths.of(record)),
      problems: [...store.problems()],
    }),
    view: (id) => viewOf(store.get(id)),
    async create(id, input) {
      const wanted = id ?? slug(input.name);
      checkFallbacks(wanted, input, store.find);
      const at = now();
      const about = { id: wanted, isEnabled: false, createdAt: at, updatedAt: at };
      const record = await toRecord(withKeptKey(input, null, secrets), null, about, secrets);
      return viewOf(await store.add(wanted, id !== undefined, (free) => ({ ...record, id: free })));
    },
    async update(id, input) {
      store.get(id);
      checkFallbacks(id, input, store.find);
      return viewOf(await replace(id, input));
    },
    async setEnabled(id, isEnabled) {
      const before = store.get(id);
      if (before.isEnabled === isEnabled) return viewOf(before);
      return viewOf(await store.change(id, (current) => ({ ...current, isEnabled, updatedAt: now() })));
    },
    async remove(id) {
      const { name } = await store.remove(id, clock.now());
      return { id, name };
    },
    restore: async (id) => viewOf(await store.restore(id, clock.now())),
    async check(id) {
      checkAllowed();
      return healths.check(store.get(id), { byUser: true });
    },
    chain,
    async checkChain(id, tier) {
      checkAllowed();
      const { records } = walkChain(store.get(id), tier, store.find);
      await Promise.all(
        records.filter(({ isEnabled }) => isEnabled).map((record) => healths.check(record, { byUser: true })),
      );
      return chain(id, tier);
    },
  };
}

/** A key as it is shown, masked, is the one that is stored. Throws `invalid_request` when it shows the end of another. */
function withKeptKey(
  input: ProviderInput,
  before: ProviderRecord | null,
  secrets: Pick<SecretBox, "describe">,
): ProviderInput {
  if (input.type !== "api" || input.apiKey == null) return input;
  const end = maskedKeyEnd(input.apiKey);
  if (end === null) return input;
  const { isSet, last4 } = secrets.describe(before?.type === "api" ? before.apiKey : null);
  if (isSet && (end === "" || end === last4)) return { ...input, apiKey: null };
  const [path, message] = [
    before === null ? "body.input.apiKey" : "body.apiKey",
    "must be the whole key, not a masked one",
  ];
  throw new AppError("invalid_request", `${path}: ${message}`, { issues: [{ path, message }] });
}

/** A stored key was given for one host; that another gets it is for the user to say, by entering it again. */
function refuseKeyForOthers(before: ProviderRecord, input: ProviderInput): void {
  if (before.type !== "api" || input.type !== "api" || before.apiKey === null || before.apiKey === "") return;
  const isKept = input.apiKey === undefined || input.apiKey === null;
  if (!isKept || new URL(before.baseUrl).origin === new URL(input.baseUrl).origin) return;
  const message = `must be entered again, because it would be sent to ${new URL(input.baseUrl).host} now`;
  throw new AppError("invalid_request", `body.apiKey: ${message}`, { issues: [{ path: "body.apiKey", message }] });
}

function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  return (
    plain
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 40)
      .replace(/-+$/, "") || "provider"
  );
}
