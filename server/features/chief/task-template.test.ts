import { expect, it } from "vitest";

import { addTask, createWorld, live } from "./testing/chief-world.ts";

it("the prompt of a task is filled when it is started; one whose prompt is gone is handed back", async () => {
  const world = createWorld();
  const life = await live(world);
  const template = { promptId: "hello", version: null, values: { name: "Ada" } };
  await addTask(life.tasks, { title: "One", template });
  const { id } = await addTask(life.tasks, { title: "Two", template: { ...template, promptId: "gone" } });
  await life.quiet();
  expect([...world.runs.values()].map(({ prompt }) => prompt)).toEqual([
    { id: "hello", version: 3, includes: [{ id: "part", version: 2 }] },
  ]);
  expect(life.tasks.get(id)).toMatchObject({
    state: "failed",
    reason: { text: expect.stringContaining("Its prompt cannot be used: There is no such prompt") as unknown },
  });
  await life.end();
});
