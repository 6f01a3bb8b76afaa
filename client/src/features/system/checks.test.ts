import { expect, test } from "vitest";

import { processNames } from "../../../../contract/ports.ts";
import type { Backup } from "../../../../contract/features/backups.ts";
import type { ProcessSnapshot } from "../../../../contract/features/processes.ts";
import type { Access, Machine } from "../../../../contract/features/system.ts";
import { runChecks } from "./checks.ts";

const nowMs = Date.parse("2026-11-21T00:00:00Z");
const processes = (statusOf: (name: string) => string) =>
  ({
    processes: processNames.map((name) => ({ owner: { kind: "portos", name }, status: statusOf(name) })),
    homes: [{ home: "portos", isUp: true, seenAt: null }],
  }) as ProcessSnapshot;
const disk = (usedBytes: number) => ({ disks: [{ mount: "/", totalBytes: 1e12, usedBytes }] }) as Machine;
const access = (state: Access["tailnet"]["state"]) =>
  ({ tailnet: { state, dnsName: "", addresses: ["100.64.0.1"] } }) as Access;
const backup = (createdAt: string) => ({ createdAt }) as Backup;
const stateOf = (facts: Omit<Parameters<typeof runChecks>[0], "isSecure" | "nowMs">, id: string) =>
  runChecks({ ...facts, isSecure: true, nowMs }).find((check) => check.id === id)?.state;

test("a process that is not online is named, with the way to mend it", () => {
  const check = runChecks({
    processes: processes((name) => (name === "portos-cos" ? "errored" : "online")),
    isSecure: true,
    nowMs,
  })[0];
  expect(check?.state).toBe("bad");
  expect(check?.text).toContain("portos-cos");
  expect(check?.fix).toContain("npm start");
});

test("what is not known yet is not judged", () => {
  expect(runChecks({ isSecure: true, nowMs }).map(({ id }) => id)).toEqual(["secure"]);
});

test("each check tells good from bad", () => {
  expect(stateOf({ processes: processes(() => "online") }, "processes")).toBe("ok");
  expect([stateOf({ machine: disk(5e11) }, "disk"), stateOf({ machine: disk(9.9e11) }, "disk")]).toEqual(["ok", "bad"]);
  expect([stateOf({ access: access("running") }, "tailnet"), stateOf({ access: access("absent") }, "tailnet")]).toEqual(
    ["ok", "warn"],
  );
  expect(stateOf({ backups: [backup("2026-11-20T00:00:00Z"), backup("2025-01-01T00:00:00Z")] }, "backup")).toBe("ok");
  expect(stateOf({ backups: [backup("2026-11-01T00:00:00Z")] }, "backup")).toBe("warn");
  expect(stateOf({ backups: [] }, "backup")).toBe("warn");
});
