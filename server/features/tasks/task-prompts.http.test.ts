import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import type { PromptVariable } from "../../../contract/features/prompts.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
let path: string;

beforeEach(async () => {
  app = await startTestApp();
  path = join(app.env.dataDir, "TASKS.md");
});

afterEach(async () => {
  await app.end();
});

const list = () => app.call("tasks.list", {});
const first = async () => (await list()).tasks[0];
const variable = (name: string, type: PromptVariable["type"]): PromptVariable => {
  return { name, type, description: "", isRequired: true, default: null, choices: [] };
};
const createPrompt = () =>
  app.call("prompts.create", {
    body: {
      id: "review",
      input: {
        title: "Review",
        description: "",
        variables: [variable("focus", "text"), variable("most", "number"), variable("files", "list")],
        body: "Look at {{focus}}, {{most}} findings. {{#files}}{{.}} {{/files}}",
      },
    },
  });

it("a prompt named in TASKS.md that is not there, or lacks values, is told on the task until it is mended", async () => {
  const text = "- [ ] Look %review\n  %focus: the login\n  %most: 3\n  So.\n";
  await writeFile(path, text);
  await expect.poll(async () => (await first())?.promptProblem).toBe("There is no prompt review.");
  expect((await list()).file.problem).toContain("Line 1 of TASKS.md names a prompt that does not exist: %review.");
  await createPrompt();
  await expect.poll(async () => (await first())?.promptProblem).toBe("Its prompt cannot be used: files is missing.");
  await expect.poll(async () => (await list()).file.problem).toBeNull();
  await writeFile(path, text.replace("  So", "  %files: a.ts\n  %files: b.ts\n  So"));
  await expect.poll(async () => (await first())?.promptProblem).toBeNull();
  expect(await first()).toMatchObject({ instructions: "So.", template: { promptId: "review" } });
  expect(await readFile(path, "utf8")).toContain("- [ ] Look %review\n");

  await app.call("prompts.remove", { params: { id: "review" } });
  await expect.poll(async () => (await first())?.promptProblem).toBe("There is no prompt review.");
  await writeFile(path, "- [ ] Look\n  So.\n");
  await expect.poll(first).toMatchObject({ template: null, promptProblem: null, instructions: "So." });
});

it("a prompt chosen on the board is written to TASKS.md", async () => {
  await createPrompt();
  const values = { focus: "3", most: 3, files: ["a.ts", "b.ts"] };
  await app.call("tasks.create", { body: { title: "Look", template: { promptId: "review", values } } });
  const id = (await first())?.id ?? "";
  await expect
    .poll(async () => readFile(path, "utf8").catch(() => ""))
    .toContain(`- [ ] Look %review <!-- ${id} -->\n  %files: a.ts\n  %files: b.ts\n  %focus: 3\n  %most: 3\n`);
  expect((await first())?.template?.values).toEqual(values);
});
