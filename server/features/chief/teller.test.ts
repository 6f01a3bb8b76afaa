import { expect, it } from "vitest";

import { AppError } from "../../../lib/app-error.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { addTask, createWorld, live } from "./testing/chief-world.ts";

it("names no secret of a title in its decisions and in what is next", async () => {
  registerSecret("amber-plover-17");
  const world = createWorld();
  const life = await live(world);
  world.refusal = new AppError("unavailable", "portos-cos does not answer");
  await addTask(life.tasks, { title: "Use amber-plover-17" });
  await life.quiet();
  await life.chief.evaluate();
  expect(life.chief.recent().map(({ taskTitle }) => taskTitle)).toContain("Use [redacted]");
  expect(life.chief.state().next.text).toContain('"Use [redacted]"');
  expect(JSON.stringify([life.chief.recent(), life.chief.state()])).not.toContain("amber-plover-17");
  await life.end();
});
