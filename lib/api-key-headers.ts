import { apiKeyProblem } from "../contract/api-key.ts";
import type { ApiDialect } from "../contract/features/providers.ts";
import { AppError } from "./app-error.ts";

/** Names of the headers an API may want its key in. */
export const keyHeaderNames = ["authorization", "x-api-key", "x-goog-api-key"] as const;

/** The headers that carry a key, the same for a probe and a run; none without a key. Throws `unavailable` for one that cannot stand in a header. */
export function apiKeyHeaders(dialect: ApiDialect, key: string | null): Record<string, string> {
  const plain = key?.trim() ?? "";
  if (plain === "") return {};
  const problem = apiKeyProblem(plain);
  if (problem !== null) throw new AppError("unavailable", `The API key ${problem}`, { hint: "Enter the key again." });
  if (dialect === "anthropic") return { "x-api-key": plain };
  return dialect === "google" ? { "x-goog-api-key": plain } : { authorization: `Bearer ${plain}` };
}
