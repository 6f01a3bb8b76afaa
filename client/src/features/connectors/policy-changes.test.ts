import { expect, test } from "vitest";

import type { ConnectorPolicy } from "../../../../contract/features/connectors.ts";
import { withSteps } from "./policy-changes.ts";
import { toPolicy } from "./policy-fields.ts";

const policy = (change: Partial<ConnectorPolicy> = {}): ConnectorPolicy => ({ ...toPolicy({}), ...change });

test("each change says from what to what, by the change that followed it", () => {
  const history = [
    { at: "2", by: "Anna", fields: ["perMinute"], before: policy({ perMinute: 60 }) },
    { at: "1", by: "Ben", fields: ["perMinute", "approval"], before: policy({ approval: "always" }) },
  ];
  const told = withSteps(history, policy({ perMinute: 31 })).map(({ steps }) => steps);
  expect(told).toEqual([
    [{ label: "Calls in a minute", text: "60 → 31" }],
    [
      { label: "Calls in a minute", text: "no limit → 60" },
      { label: "When you are asked", text: "Always ask → As usual" },
    ],
  ]);
});

const steps = (name: keyof ConnectorPolicy, before: unknown, after: unknown) =>
  withSteps([{ at: "1", by: "Anna", fields: [name], before: policy({ [name]: before }) }], policy({ [name]: after }))[0]
    ?.steps[0]?.text;

test("of lists it says what came and what went", () => {
  expect(steps("blockedDomains", ["a.example", "b.example"], ["b.example", "c.example"])).toBe(
    "added c.example; removed a.example",
  );
  expect(steps("insides", [], ["nas.local:9000"])).toBe("none → nas.local:9000");
  expect(steps("operations", null, ["find"])).toBe("all → find");
  expect(steps("cleansInput", true, false)).toBe("on → off");
  expect(steps("quietHours", null, { from: "22:00", to: "07:00" })).toBe("none → 22:00 to 07:00");
  expect(steps("maxReplyBytes", 2_000_000, 1_000_000)).toBe("2.0 MB → 1.0 MB");
});
