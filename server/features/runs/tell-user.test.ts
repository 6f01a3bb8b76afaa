import { describe, expect, it } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import type { NewNotification } from "../notifications/notification-service.ts";
import { createRunBus } from "./run-hooks.ts";
import { tellUser } from "./tell-user.ts";

/** A life of this server over the notices that outlive it. */
function live(notices: Map<string, NewNotification>) {
  const bus = createRunBus(silentLogger);
  const notifications = {
    notify: (notice: NewNotification) => Promise.resolve(notices.set(notice.key ?? "", notice)),
    settle: (key: string) => Promise.resolve(void notices.delete(key)),
  };
  tellUser(bus, notifications as unknown as Parameters<typeof tellUser>[1], { report: () => undefined });
  return bus;
}

describe("what the user is told of a run", () => {
  it("says nothing more of an end that could not be written down once it is, also after a restart", async () => {
    const notices = new Map<string, NewNotification>();
    const run = sampleRun({ id: "run-1", title: "One", source: { kind: "task", id: "task-1" } });
    await live(notices).tell("changed", { ...run, endProblem: "The disk is full" });
    expect([...notices.values()]).toMatchObject([{ message: "The disk is full", needsYou: true }]);
    await live(notices).tell("ended", { ...run, state: "succeeded" });
    expect([...notices.values()]).toEqual([]);
  });
});
