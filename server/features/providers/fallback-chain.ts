import { type ProviderInput, type Tier, tierSchema } from "../../../contract/features/providers.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ProviderRecord } from "./provider-record.ts";

type Links = Pick<ProviderRecord, "fallbackProvider" | "tierFallbacks">;
type Finder = (id: string) => ProviderRecord | null;

const longest = 20;

/** Who is asked after a provider for work of this tier: the tier's own fallback, else the general one. */
export function nextOf(links: Links, tier: Tier): string | null {
  return links.tierFallbacks[tier] ?? links.fallbackProvider;
}

/** The chain from one provider on, and why it ends early: a loop or a provider that is gone, both possible in a file edited by hand. */
export function walkChain(
  start: ProviderRecord,
  tier: Tier,
  find: Finder,
): { records: ProviderRecord[]; problem: string | null } {
  const records: ProviderRecord[] = [start];
  const seen = new Set([start.id]);
  for (let current = start; ;) {
    const id = nextOf(current, tier);
    if (id === null) return { records, problem: null };
    if (seen.has(id)) return { records, problem: `${current.name} falls back to ${id}, which was asked before` };
    const next = find(id);
    if (next === null) return { records, problem: `${current.name} falls back to ${id}, which does not exist` };
    if (records.length >= longest) return { records, problem: `The chain is longer than ${longest} providers` };
    seen.add(id);
    records.push(next);
    current = next;
  }
}

/** The model a provider would be asked for: the one of the tier, else its first; `null` when it has none. */
export function modelFor(record: Pick<ProviderRecord, "models">, tier: Tier): string | null {
  return record.models.find((model) => model.tier === tier)?.id ?? record.models[0]?.id ?? null;
}

/** Throws `invalid_request` naming each fallback of `input` that does not exist or leads back to the provider itself. */
export function checkFallbacks(id: string, input: ProviderInput, find: Finder): void {
  const issues: { path: string; message: string }[] = [];
  const given: [string, string | null | undefined, readonly Tier[]][] = [
    [
      "fallbackProvider",
      input.fallbackProvider,
      tierSchema.options.filter((tier) => input.tierFallbacks[tier] == null),
    ],
    ...tierSchema.options.map((tier): [string, string | null | undefined, readonly Tier[]] => [
      `tierFallbacks.${tier}`,
      input.tierFallbacks[tier],
      [tier],
    ]),
  ];
  for (const [path, target, tiers] of given) {
    if (target === null || target === undefined) continue;
    const message = problemWith(id, input.name, target, tiers, find);
    if (message !== undefined) issues.push({ path: `body.${path}`, message });
  }
  const [first] = issues;
  if (first)
    throw new AppError("invalid_request", `${first.path.replace(/^body\./, "")}: ${first.message}`, { issues });
}

function problemWith(id: string, name: string, target: string, tiers: readonly Tier[], find: Finder) {
  if (target === id) return "must be another provider";
  if (find(target) === null) return `must be a provider that exists, not ${target}`;
  return tiers.flatMap((tier) => loopThrough(id, name, target, tier, find) ?? [])[0];
}

/** The way from `target` back to the provider itself, in words, or `null`. */
function loopThrough(id: string, name: string, target: string, tier: Tier, find: Finder): string | null {
  if (target === id) return null;
  const first = find(target);
  if (first === null) return null;
  const { records } = walkChain(first, tier, find);
  const back = records.findIndex((record) => record.id === id);
  const last = records.at(-1);
  const isLoop = back !== -1 || (last !== undefined && nextOf(last, tier) === id);
  if (!isLoop) return null;
  const way = (back === -1 ? records : records.slice(0, back)).map((record) => record.name);
  return `must not lead back to itself: ${[name, ...way, name].join(" → ")}`;
}
