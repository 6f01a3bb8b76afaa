import { usageEndpoints } from "../../../contract/features/usage.ts";
import type { Mount } from "../../http/mount.ts";
import type { UsageService } from "./usage-service.ts";

/** Mounts the endpoints of usage and its daily budget. */
export function mountUsage(mount: Mount, service: UsageService): void {
  mount(
    "usage",
    usageEndpoints,
  )({
    totals: ({ query }) => service.totals(query.from, query.to),
    budget: () => service.budget(),
    setBudget: ({ body }) => service.setBudget(body),
  });
}
