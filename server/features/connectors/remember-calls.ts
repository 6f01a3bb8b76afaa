import type { Clock } from "../../../lib/clock.ts";
import type { EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import type { RateLimiter } from "../../connectors/framework/rate-limit.ts";
import { daysIn } from "../../day-of.ts";
import { isLook } from "./recorded-look.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;

/** Fills the limiter with the calls of today that are on record, so that a restart makes nobody's day longer. */
export async function rememberCalls({
  evidence,
  limiter,
  clock,
  zone,
}: {
  evidence: Pick<EvidenceBook, "all">;
  limiter: Pick<RateLimiter, "remember">;
  clock: Clock;
  zone: string;
}): Promise<void> {
  const nowMs = clock.now();
  const dayOf = daysIn(zone);
  const today = dayOf(nowMs);
  const from = new Date(nowMs - 27 * hourMs).toISOString();
  const to = new Date(nowMs + minuteMs).toISOString();
  for await (const record of evidence.all({ from, to })) {
    const { connector, outcome, isDryRun, delivery, at } = record;
    const atMs = Date.parse(at);
    if (dayOf(atMs) !== today) return; // newest first: the rest is older
    const isAccepted = delivery?.attempt === 0; // only its tries leave
    if (!isDryRun && !isAccepted && !isLook(record) && outcome !== "refused") limiter.remember(connector, atMs, nowMs);
  }
}
