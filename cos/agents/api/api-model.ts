import type { LanguageModel } from "ai";

import { configuredOriginGuard } from "../../../lib/guarded-http/configured-origin-guard.ts";
import { createGuardedFetch } from "../../../lib/guarded-http/guarded-fetch.ts";
import type { ApiTarget } from "../attempt.ts";

const largestReply = 64 * 1024 * 1024;
const longestSilenceMs = 5 * 60_000;

/** The model of a target behind the guard: only its configured origin can be called. */
export async function createModel(target: ApiTarget, ownPorts: readonly number[]): Promise<LanguageModel> {
  const { dialect, providerId, timeoutMs } = target;
  const guard = configuredOriginGuard({ address: target.baseUrl, ownPorts });
  const silenceMs = Math.min(timeoutMs, longestSilenceMs);
  const fetch = createGuardedFetch(guard, { timeoutMs, silenceMs, maxBytes: largestReply });
  const baseURL = target.baseUrl.replace(/\/+$/, "");
  const model = target.model ?? "";
  // An absent key must not be replaced by one of this process's environment.
  const apiKey = target.apiKey ?? "";
  switch (dialect) {
    case "anthropic": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic({ baseURL, apiKey, fetch })(model);
    }
    case "openai": {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI({ baseURL, apiKey, fetch }).responses(model);
    }
    case "google": {
      const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
      return createGoogleGenerativeAI({ baseURL, apiKey, fetch })(model);
    }
    case "openai-compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const key = target.apiKey === null ? {} : { apiKey };
      return createOpenAICompatible({ name: providerId, baseURL, fetch, includeUsage: true, ...key })(model);
    }
  }
}
