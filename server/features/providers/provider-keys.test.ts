import { describe, expect, it } from "vitest";

import { apiKeyProblem, maskedKeyEnd } from "../../../contract/api-key.ts";
import { providerInputSchema } from "../../../contract/features/providers.ts";
import { apiKeyHeaders } from "../../../lib/api-key-headers.ts";
import { apiInput } from "./testing/provider-samples.ts";

describe("keys of APIs", () => {
  it.each([
    ["••••6789", "6789"],
    ["****6789", "6789"],
    ["…6789", "6789"],
    ["••••••••", ""],
    ["sk-0123456789abcdef", null],
    ["env:SOME_KEY", null],
    ["", null],
  ])("%s, masked, shows %s", (text, end) => {
    expect(maskedKeyEnd(text)).toBe(end);
    expect(providerInputSchema.safeParse(apiInput({ apiKey: text })).success).toBe(true);
  });

  it.each(["sk a key", "sk-\nkey", "schlüssel", "sk-••key-that-is-long-enough"])("%s cannot be sent", (key) => {
    expect(apiKeyProblem(key)).toContain("cannot stand in a header");
    expect(providerInputSchema.safeParse(apiInput({ apiKey: key })).error?.issues).toMatchObject([
      { path: ["apiKey"] },
    ]);
    expect(() => apiKeyHeaders("openai", key)).toThrow("cannot stand in a header");
  });

  it("are sent without the space around them, and not at all when there is none", () => {
    expect(apiKeyHeaders("anthropic", " key\n")).toEqual({ "x-api-key": "key" });
    expect(apiKeyHeaders("google", "key")).toEqual({ "x-goog-api-key": "key" });
    expect(apiKeyHeaders("openai-compatible", "key")).toEqual({ authorization: "Bearer key" });
    expect([apiKeyHeaders("openai", ""), apiKeyHeaders("openai", null)]).toEqual([{}, {}]);
  });
});
