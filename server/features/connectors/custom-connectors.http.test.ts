import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import { customConnectorSchema } from "../../../contract/features/custom-connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const weather = customConnectorSchema.parse({
  id: "weather",
  title: "Weather",
  baseUrl: "https://api.example.com",
  operations: [{ name: "now", title: "Now", effect: "read", method: "GET", path: "/now" }],
});
let folder: string;
let app: TestApp;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-custom-"));
  app = await startTestApp({ directory: folder });
});
afterEach(async () => {
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

const titles = async (): Promise<string[]> =>
  (await app.call("connectors.list", {})).filter(({ isBuiltIn }) => !isBuiltIn).map(({ title }) => title);
const file = (name: string): string => join(folder, "data/connectors", name);

test("one is added off, changed, kept over a restart, and removed", async () => {
  await app.call("customConnectors.create", { body: weather });
  expect((await app.call("connectors.get", { params: { id: "weather" } })).isEnabled).toBe(false);
  await expect(app.call("customConnectors.create", { body: weather })).rejects.toMatchObject({ status: 409 });
  const taken = { ...weather, id: "rss" };
  await expect(app.call("customConnectors.create", { body: taken })).rejects.toMatchObject({ status: 409 });
  const params = { id: "weather" };
  await app.call("customConnectors.update", { params, body: { ...weather, title: "The weather" } });
  expect(await titles()).toEqual(["The weather"]);
  await expect(
    app.call("customConnectors.update", { params, body: { ...weather, id: "other" } }),
  ).rejects.toMatchObject({ status: 400 });
  await app.stop();
  app = await startTestApp({ directory: folder });
  expect(await titles()).toEqual(["The weather"]);
  await app.call("customConnectors.remove", { params });
  expect(await titles()).toEqual([]);
  await expect(app.call("customConnectors.remove", { params })).rejects.toMatchObject({ status: 404 });
});

test("everything that is wrong is named, and nothing is kept of it", async () => {
  const operations = [{ ...weather.operations[0], path: "/{city}", output: { pick: "[" } }];
  const failure = app.call("customConnectors.create", { body: { ...weather, operations } as typeof weather });
  await expect(failure).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/operations\.0\.path.*operations\.0\.output\.pick/) as string,
  });
  expect(await app.call("customConnectors.list", {})).toEqual([]);
});

test("files written by hand are in force at once, and a broken one says what is wrong", async () => {
  await writeFile(file("weather.json"), JSON.stringify({ ...weather, title: "By hand" }));
  await expect.poll(titles).toEqual(["By hand"]);
  await writeFile(file("weather.json"), '{"id": "weather",');
  await writeFile(file("wrong.json"), JSON.stringify({ ...weather, baseUrl: "{site}" }));
  await writeFile(file("rss.json"), JSON.stringify({ ...weather, id: "rss" }));
  await expect.poll(titles).toEqual([]);
  const problems = Object.fromEntries(
    (await app.call("customConnectors.list", {})).map((one) => [one.file, one.problems.map(({ message }) => message)]),
  );
  expect(problems["weather.json"]?.[0]).toContain("is no JSON");
  expect(problems["wrong.json"]).toEqual([
    "names {site}, which is neither a parameter nor a field that is no secret",
    "must be the name of the file: wrong",
  ]);
  expect(problems["rss.json"]).toEqual(["belongs to a connector of PortOS"]);
  expect(await readFile(file("weather.json"), "utf8")).toBe('{"id": "weather",');
});

test("what is no file of its own there is named, not waited for and not quoted; the others are in force", async () => {
  await writeFile(join(folder, "elsewhere"), "not for anybody");
  await symlink(join(folder, "elsewhere"), file("link.json"));
  await promisify(execFile)("mkfifo", [file("pipe.json")]);
  await writeFile(file("large.json"), " ".repeat(5 * 1024 * 1024));
  await app.call("customConnectors.create", { body: weather });
  const listed = await app.call("customConnectors.list", {});
  expect(listed.map((one) => [one.file, one.problems[0]?.message])).toEqual([
    ["large.json", "is larger than 4 MB"],
    ["link.json", "is no regular file"],
    ["pipe.json", "is no regular file"],
    ["weather.json", undefined],
  ]);
  expect(await titles()).toEqual(["Weather"]);
});
