import type { ProviderInput } from "../../../../contract/features/providers.ts";
import { type ProviderRecord, providerRecordSchema } from "../provider-record.ts";

/** An API provider as a form sends it. */
export function apiInput(
  changes: Partial<Extract<ProviderInput, { type: "api" }>> = {},
): Extract<ProviderInput, { type: "api" }> {
  return {
    type: "api",
    name: "Local",
    dialect: "openai-compatible",
    baseUrl: "http://127.0.0.1:9/v1",
    models: [{ id: "small", tier: "light", price: null }],
    fallbackProvider: null,
    tierFallbacks: {},
    timeoutMs: 60_000,
    ...changes,
  };
}

/** An agent program as a form sends it. */
export function programInput(
  changes: Partial<Extract<ProviderInput, { type: "cli" }>> = {},
): Extract<ProviderInput, { type: "cli" }> {
  return {
    type: "cli",
    name: "Agent",
    agent: "claude",
    command: [],
    environment: [],
    models: [],
    fallbackProvider: null,
    tierFallbacks: {},
    timeoutMs: 60_000,
    ...changes,
  };
}

/** A provider as the file holds it, turned on. */
export function record(id: string, changes: Record<string, unknown> = {}): ProviderRecord {
  return providerRecordSchema.parse({ ...apiInput({ name: id.toUpperCase() }), id, isEnabled: true, ...changes });
}
