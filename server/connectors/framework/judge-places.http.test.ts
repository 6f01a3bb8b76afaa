import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { defineConnector, defineOperation } from "./define-connector.ts";
import { createTestGateway, type TestGateway } from "./testing/test-gateway.ts";

let scene: TestGateway;
afterEach(() => scene.end());

const input = z.object({ places: z.array(z.string()) });
const reach = defineOperation({
  title: "Reach",
  description: "Reaches the first place that answers.",
  effect: "read",
  input,
  output: z.null(),
  targets: ({ places }: z.output<typeof input>) => places,
  examples: [],
  run: () => Promise.resolve(null),
});
const things = defineConnector({
  id: "things",
  title: "Things",
  description: "Places.",
  config: z.object({}),
  secrets: [],
  operations: { reach, name: { ...reach, callsNothing: true } },
});

async function pathOf(operation: string, places: string[]) {
  const { path } = await scene.call("things", operation, { places }, { isDryRun: true });
  return path.filter(({ step }) => step === "address").map(({ verdict, code }) => [verdict, code]);
}

test("a dry run stops where no place is left to call, and says which are refused where some are", async () => {
  scene = await createTestGateway({ connectors: [things] });
  const refused = await scene.refused("things", "reach", { places: ["http://10.0.0.1/"] }, { isDryRun: true });
  expect(refused).toMatchObject({
    gatewayCode: "refused_by_guard",
    message: expect.stringContaining("10.0.0.1") as string,
  });
  expect(await pathOf("reach", ["http://10.0.0.1/", "https://1.1.1.1/"])).toEqual([
    ["pass", null],
    ["note", "refused"],
  ]);
  expect(await pathOf("reach", ["https://example.com/"])).toEqual([["pass", "later"]]);
  expect(await pathOf("reach", [])).toEqual([]);
});

test("what only works out an address is not judged by it", async () => {
  scene = await createTestGateway({ connectors: [things] });
  expect(await pathOf("name", ["http://10.0.0.1/"])).toEqual([]);
});
