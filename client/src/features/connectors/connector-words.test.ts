import { expect, test } from "vitest";

import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";
import { issueText, signedOutText, statusOf, usedText, usesText, withEvent } from "./connector-words.ts";

const at = "2026-05-01T12:00:00.000Z";
const ready = { isEnabled: true, isConfigured: true, hasHealth: true, health: null, signIn: null };

test("what is missing comes before the switch, and the switch before the health", () => {
  const bad = { isHealthy: false, detail: "No answer", at };
  expect(statusOf({ ...ready, isConfigured: false, health: bad })).toBe("not configured");
  expect(statusOf({ ...ready, isEnabled: false, health: bad })).toBe("off");
  expect(statusOf({ ...ready, health: bad })).toBe("unhealthy");
  expect(statusOf({ ...ready, health: { ...bad, isHealthy: true } })).toBe("up");
  expect(statusOf(ready)).toBe("on");
});

test("who has to sign in is told so, whether it is on or not", () => {
  const signIn = { state: "needed", host: null, scope: null, since: null, problem: null } as const;
  expect(statusOf({ ...ready, isEnabled: false, signIn })).toBe("needs sign-in");
  expect(statusOf({ ...ready, signIn: { ...signIn, state: "expired" } })).toBe("sign-in ended");
  expect(statusOf({ ...ready, signIn: { ...signIn, state: "active" } })).toBe("on");
  expect(statusOf({ ...ready, isConfigured: false, signIn })).toBe("not configured");
});

test("a sign-out says whether the other side knows", () => {
  expect(signedOutText("Notes", "auth.example.com", "none")).toEqual({ text: "Signed out of Notes" });
  expect(signedOutText("Notes", "auth.example.com", "done").detail).toBe("auth.example.com was told so");
  expect(signedOutText("Notes", null, "failed").detail).toContain("could not be told");
});

test("who cannot be looked at is on, whatever a look has said", () => {
  expect(statusOf({ ...ready, hasHealth: false, health: { isHealthy: true, detail: "", at } })).toBe("on");
});

test("issues name fields as their form does, where it is known", () => {
  const issues = [
    { path: "config.apiKey", message: "must be given", label: null },
    { path: "config", message: "cannot be opened", label: null },
  ];
  expect(issueText(issues)).toBe("Api key must be given; cannot be opened");
  expect(issueText([{ path: "config.url", message: "must be given", label: "Address" }])).toBe("Address must be given");
  const field = {
    label: "Key",
    description: "",
    isRequired: true,
    fallback: undefined,
    shape: { kind: "json" },
  } as const;
  expect(issueText(issues, [{ ...field, name: "apiKey" }])).toBe("Key must be given; cannot be opened");
});

test("who has nothing to look at is on, and not healthy", () => {
  expect(statusOf({ ...ready, health: { isHealthy: null, detail: "Nothing to look at", at } })).toBe("on");
});

const one = (id: string, title: string) => ({ id, title }) as ConnectorStatus;

test("the list follows what becomes of each connector", () => {
  const list = [one("a", "Alpha"), one("c", "Gamma")];
  const added = withEvent(list, { kind: "status", connector: one("b", "Beta") });
  expect(added.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  const renamed = withEvent(added, { kind: "status", connector: one("b", "Bravo") });
  expect(renamed.map(({ title }) => title)).toEqual(["Alpha", "Bravo", "Gamma"]);
  expect(withEvent(renamed, { kind: "removed", id: "a" }).map(({ id }) => id)).toEqual(["b", "c"]);
});

test("what would break without a connector is named; what only allows or brings calls is not", () => {
  const use = { id: "1", detail: "post", isActive: true };
  const nightly = { ...use, kind: "automation", name: "Nightly" } as const;
  expect(usesText([{ ...use, kind: "rule", name: "Always" }], "turn off")).toBeNull();
  expect(usesText([{ ...nightly, isActive: false }], "turn off")).toBeNull();
  expect(usesText([nightly], "turn off")).toBe("Nightly uses it and fails until it is on again.");
  expect(usesText([nightly, nightly, nightly, nightly], "remove")).toBe(
    "Nightly, Nightly, Nightly and 1 more use it and fail until it is back.",
  );
});

test("use is told in words", () => {
  expect(usedText({ today: 0, lastMinute: 0 })).toBe("not used today");
  expect(usedText({ today: 1, lastMinute: 0 })).toBe("1 call today");
  expect(usedText({ today: 1_200, lastMinute: 3 })).toBe("1,200 calls today, 3 in the last minute");
});
