import type { RunChoice } from "../../contract/features/runs.ts";
import type { RunTarget } from "../../contract/internal/runs.ts";

/** Whom a choice stands for in tests: "program" is an agent program, everybody else an API. */
export function sampleTarget(choice: RunChoice): RunTarget {
  const basis = {
    providerId: choice.providerId,
    providerName: choice.providerId.toUpperCase(),
    model: choice.model ?? "some-model",
    reason: "First choice",
    timeoutMs: 1_000,
    price: null,
  };
  if (choice.providerId === "program")
    return {
      ...basis,
      engine: "headless",
      providerType: "cli",
      agent: "codex",
      command: ["/bin/true"],
      environment: {},
    };
  return {
    ...basis,
    engine: "api",
    providerType: "api",
    dialect: "openai-compatible",
    baseUrl: "http://127.0.0.1:1/v1",
    apiKey: null,
  };
}
