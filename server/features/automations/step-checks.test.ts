import { expect, test } from "vitest";
import { z } from "zod";

import { connectorStepSchema } from "../../../contract/features/automation-connectors.ts";
import type { Schedule } from "../../../contract/features/automation-schedules.ts";
import { defineConnector, defineOperation } from "../../connectors/framework/define-connector.ts";
import { stepIssues } from "./step-checks.ts";

const things = defineConnector({
  id: "things",
  title: "Things",
  description: "Things.",
  config: z.strictObject({}),
  secrets: [],
  operations: {
    put: defineOperation({
      title: "Put",
      description: "Puts.",
      effect: "write",
      input: z.object({
        name: z.string().max(5),
        size: z.int().optional(),
        inner: z.object({ at: z.url() }).optional(),
      }),
      output: z.null(),
      targets: () => [],
      examples: [],
      run: () => Promise.resolve(null),
    }),
  },
});
const find = (id: string) => (id === "things" ? things : undefined);
const never: Schedule = { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" };
const issues = (params: Record<string, string | number | object>, connector = "things", operation = "put") =>
  stepIssues({ kind: "connector", steps: [{ connector, operation, params: params as never }] }, never, { find });

test("connector and operation must be there", () => {
  expect(issues({}, "other")).toEqual([{ path: "steps.0.connector", message: "is not a connector there is" }]);
  expect(issues({}, "things", "toString")).toEqual([
    { path: "steps.0.operation", message: "is not an operation of Things" },
  ]);
});

test("what is wrong whatever places become is refused by its field", () => {
  expect(issues({ name: "too long", size: "x", colour: "red" }).map(({ path }) => path)).toEqual([
    "steps.0.params.name",
    "steps.0.params.size",
    "steps.0.params.colour",
  ]);
  expect(issues({}).map(({ path }) => path)).toEqual(["steps.0.params.name"]);
});

test("a field with a place waits for its value, and those beside it do not", () => {
  const place = "{{ trigger.body.name }}";
  expect(issues({ name: place, size: place, inner: { at: place } })).toEqual([]);
  expect(issues({ name: place, size: "x" }).map(({ path }) => path)).toEqual(["steps.0.params.size"]);
  expect(issues({ name: place, colour: "red" }).map(({ path }) => path)).toEqual(["steps.0.params.colour"]);
});

test("a step for which nothing is chosen says so, in one message a field", () => {
  const { error } = connectorStepSchema.safeParse({ connector: "", operation: "" });
  expect(error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`)).toEqual([
    "connector must be chosen",
    "operation must be chosen",
  ]);
});
