import { describe, expect, it } from "vitest";

import { addTask, createWorld, happen, live, type ChiefLife, type ChiefWorld } from "./testing/chief-world.ts";

/** A task whose run goes on, of a chief of staff that is turned off meanwhile. */
async function begin(world: ChiefWorld): Promise<{ life: ChiefLife; id: string; runId: string }> {
  const life = await live(world);
  const { id } = await addTask(life.tasks, { title: "One" });
  await life.quiet();
  await life.chief.put({ ...life.chief.state().settings, isOn: false });
  return { life, id, runId: world.started[0]?.runId ?? "" };
}

describe("what a task says of the end of its run", () => {
  it("says of a task that waits for its user how its last run ended, and where that one's work lies", async () => {
    const world = createWorld();
    const { life, id, runId } = await begin(world);
    world.review = Promise.resolve(true);
    happen(world, runId, { state: "interrupted", message: "The agent went away" }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({
      state: "ready",
      reason: {
        code: "off",
        text: "Claude was interrupted: The agent went away. What it did lies in its worktree. The chief of staff is off: start it again by hand.",
      },
    });
    await life.end();
  });

  it("says of a task that is done which budget its run went over", async () => {
    const world = createWorld();
    const { life, id, runId } = await begin(world);
    const message = "The run's budget of 50 tokens is used up: 120 were used.";
    happen(world, runId, { state: "succeeded", message }, life.chief);
    await life.quiet();
    expect(life.tasks.get(id)).toMatchObject({ state: "done", reason: { text: `Done by Claude. ${message}` } });
    await life.end();
  });
});
