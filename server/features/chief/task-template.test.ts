import { expect, it } from "vitest";

import { taskInputSchema } from "../../../contract/features/tasks.ts";
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

it("a task whose prompt is known to be unusable waits and says why, until it can be used", async () => {
  const world = createWorld();
  const life = await live(world);
  const template = { promptId: "hello", version: null, values: { name: "Ada" } };
  const input = taskInputSchema.parse({ title: "One", template, needsReview: false });
  const { id } = await life.tasks.create(input, { source: { kind: "user", id: "user" }, state: "draft" });
  await life.tasks.change(id, (task) => ({ ...task, promptProblem: "There is no prompt hello." }));
  await life.tasks.move(id, { state: "ready", before: null }, "me");
  await life.quiet();
  expect(life.tasks.get(id)).toMatchObject({
    state: "ready",
    reason: { code: "provider", text: "There is no prompt hello." },
  });
  await life.tasks.change(id, (task) => ({ ...task, promptProblem: null }));
  await life.quiet();
  expect(world.runs.size).toBe(1);
  await life.end();
});
