import { expect, test, vi } from "vitest";

import { createSubjectNames } from "./subject-names.ts";

test("a name is found by the finder of its group, and by no other", async () => {
  const names = createSubjectNames();
  names.add("apps", ({ id }) => (id === "blog" ? "My blog" : undefined));
  expect(await names.find("apps", { id: "blog" })).toBe("My blog");
  expect(await names.find("apps", { id: "shop" })).toBeNull();
  expect(await names.find("automations", { id: "blog" })).toBeNull();
  expect(await names.find("apps", {})).toBeNull();
});

test("a finder that fails or never answers costs the name, not the action", async () => {
  vi.useFakeTimers();
  try {
    const names = createSubjectNames();
    names.add("terminal", () => Promise.reject(new Error("away")));
    names.add("browser", () => new Promise<string>(() => undefined));
    expect(await names.find("terminal", { id: "1" })).toBeNull();
    const answer = names.find("browser", { id: "1" });
    await vi.advanceTimersByTimeAsync(500);
    expect(await answer).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});
