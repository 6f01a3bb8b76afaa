import { createHash } from "node:crypto";

import { canonicalJson } from "../../../lib/canonical-json.ts";

/** SHA-256 over a value: equal values have equal ones, however their fields are sorted. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
