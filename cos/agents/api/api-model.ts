import type { LanguageModel } from "ai";

import type { ApiDialect } from "../../../contract/features/providers.ts";
import { apiKeyHeaders, keyHeaderNames } from "../../../lib/api-key-headers.ts";
import { configuredOriginGuard } from "../../../lib/guarded-http/configured-origin-guard.ts";
import { createGuardedFetch } from "../../../lib/guarded-http/guarded-fetch.ts";
import type { ApiTarget } from "../attempt.ts";

const largestReply = 64 * 1024 * 1024;
const longestSilenceMs = 5 * 60_000;

/** The model of a target behind the guard: only its configured origin can be called. */
export function createModel(target: ApiTarget, ownPorts: readonly number[]): Promise<LanguageModel> {
  const { timeoutMs } = target;
  const guard = configuredOriginGuard({ address: target.baseUrl, ownPorts });
  const silenceMs = Math.min(timeoutMs, longestSilenceMs);
  const guarded = createGuardedFetch(guard, { timeoutMs, silenceMs, maxBytes: largestReply });
  const fetch = withKey(guarded, apiKeyHeaders(target.dialect, target.apiKey));
  const baseURL = target.baseUrl.replace(/\/+$/, "");
  // An absent key must not be replaced by one of this process's environment.
  const apiKey = target.apiKey?.trim() ?? "";
  return models[target.dialect]({ baseURL, apiKey, fetch }, target);
}

interface Connection {
  baseURL: string;
  apiKey: string;
  fetch: typeof globalThis.fetch;
}

/** Sends the key as a probe does, and nothing in its place without one. */
function withKey(fetch: typeof globalThis.fetch, key: Record<string, string>): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    for (const name of keyHeaderNames) headers.delete(name);
    for (const [name, value] of Object.entries(key)) headers.set(name, value);
    return fetch(input, { ...init, headers });
  };
}

/** Each dialect's library is loaded when it is spoken first. */
const models: Record<ApiDialect, (connection: Connection, target: ApiTarget) => Promise<LanguageModel>> = {
  async anthropic(connection, { model }) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic(connection)(model ?? "");
  },
  async openai(connection, { model }) {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return createOpenAI(connection).responses(model ?? "");
  },
  async google(connection, { model }) {
    const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
    return createGoogleGenerativeAI(connection)(model ?? "");
  },
  async "openai-compatible"({ apiKey, ...connection }, target) {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const key = apiKey === "" ? {} : { apiKey };
    const options = {
      name: target.providerId,
      includeUsage: true,
      supportsStructuredOutputs: true,
      ...connection,
      ...key,
    };
    return createOpenAICompatible(options)(target.model ?? "");
  },
};
