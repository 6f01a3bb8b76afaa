import type { MockModel } from "./mock-model.ts";
import { expect, type PortosFixture } from "./test.ts";

/** Adds a provider of this name that asks a model of the mock and turns it on, in place of one that was there before. */
export async function addModel(
  portos: PortosFixture,
  { url }: MockModel,
  id: string,
  fallback: string | null = null,
): Promise<void> {
  const input = {
    type: "api",
    name: `Model ${id}`,
    dialect: "openai-compatible",
    baseUrl: url,
    models: [{ id, tier: "medium", price: { input: 1, output: 2 } }],
    fallbackProvider: fallback,
  };
  await portos.call("DELETE", `/api/providers/${id}`);
  const added = await portos.call("POST", "/api/providers", { id, input });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  expect((await portos.call("POST", `/api/providers/${id}/enable`)).status).toBe(200);
}
