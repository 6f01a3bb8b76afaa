import { afterEach, beforeEach, expect, test } from "vitest";

import { mcpRightsSchema, type McpRights } from "../../../contract/features/mcp.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.stop());

const bodyOf = (connectors: McpRights["connectors"]) => ({
  name: "Editor",
  expiresAt: null,
  rights: { ...mcpRightsSchema.parse({}), connectors },
});
const create = (connectors: McpRights["connectors"]) => app.call("mcp.create", { body: bodyOf(connectors) });
const hook = { connector: "webhook-out", operations: ["post"] };
const wrong = [
  { connector: "nope", operations: null },
  { connector: "webhook-out", operations: ["post", "nope"] },
];
const refused = {
  status: 400,
  details: {
    code: "invalid_request",
    issues: [
      { path: "body.rights.connectors.0.connector", message: "nope: there is no such connector" },
      {
        path: "body.rights.connectors.1.operations.1",
        message: expect.stringMatching(/^nope: .* has no such operation$/) as string,
      },
    ],
  },
};

test("a right to what does not exist is refused by its place, for tokens and for runs", async () => {
  await expect(create(wrong)).rejects.toMatchObject(refused);
  const body = { isOn: true, rights: bodyOf(wrong).rights };
  await expect(app.call("mcp.saveRuns", { body })).rejects.toMatchObject(refused);
  const { token } = await create([hook, { connector: "web-fetch", operations: null }]);
  const update = app.call("mcp.update", { params: { id: token.id }, body: bodyOf(wrong) });
  await expect(update).rejects.toMatchObject(refused);
  expect((await app.call("mcp.get", {})).tokens).toMatchObject([{ rights: { connectors: [hook, {}] } }]);
});

test("a right to a connector that has gone keeps nobody from changing another one", async () => {
  const operation = { name: "get-all", title: "All", effect: "read" as const, method: "GET" as const };
  const own = { id: "own", title: "Own", baseUrl: "https://api.example.com", operations: [operation] };
  await app.call("customConnectors.create", { body: own });
  const given = { connector: "own", operations: ["get-all"] };
  const { token } = await create([given]);
  await app.call("customConnectors.remove", { params: { id: "own" } });
  await expect(create([given])).rejects.toMatchObject({ status: 400 });
  const { rights } = await app.call("mcp.update", { params: { id: token.id }, body: bodyOf([given, hook]) });
  expect(rights.connectors).toEqual([given, hook]);
});
