import { expect, it } from "vitest";

import { addTask, createWorld, happen, live } from "./testing/chief-world.ts";

it("tells the user of a run that ended while nobody but the user starts it again", async () => {
  const world = createWorld();
  const life = await live(world);
  const { id } = await addTask(life.tasks, { title: "One" });
  await life.quiet();
  await life.chief.put({ ...life.chief.state().settings, isOn: false });
  const [run] = world.runs.keys();
  const end = { failure: "crashed", canContinue: true, message: "The machine went away" } as const;
  happen(world, run ?? "", { ...end, state: "interrupted" }, life.chief);
  await life.quiet();
  expect(life.tasks.get(id).state).toBe("ready");
  expect(world.notices.at(-1)).toMatchObject({
    title: "One needs you",
    message: "Claude was interrupted: The machine went away. The chief of staff is off: start it again by hand.",
    needsYou: true,
  });
  await life.end();
});
