import { afterEach, beforeEach, expect, test } from "vitest";

import { customConnectorSchema } from "../../../contract/features/custom-connectors.ts";
import { startFakeGraphql } from "../../connectors/custom/graphql/testing/fake-graphql.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
let service: Awaited<ReturnType<typeof startFakeGraphql>>;

beforeEach(async () => {
  app = await startTestApp();
  service = await startFakeGraphql((_query, variables) => ({ issue: { id: "7", title: "A lamp", variables } }));
});
afterEach(async () => {
  await app.end();
  await service.stop();
});

const signIn = { kind: "bearer" as const, secret: "token-of-the-service" };

test("a service is asked what it offers through the gateway, and becomes a connector that can be called", async () => {
  const draft = await app.call("customConnectors.readGraphql", { body: { url: service.url, isInside: true, signIn } });
  expect(service.asked[0]?.authorization).toBe("Bearer token-of-the-service");
  const { items } = await app.call("evidence.list", { query: { connector: draft.id } });
  expect(items.map(({ operation }) => operation)).toEqual(["introspect"]);
  expect(JSON.stringify([draft, items])).not.toContain("token-of-the-service");
  const { warnings, ...rest } = draft;
  expect(warnings).toEqual([]);
  const operations = draft.operations.filter(({ name }) => name === "issue");
  const params = { id: draft.id };
  await app.call("customConnectors.create", { body: customConnectorSchema.parse({ ...rest, operations }) });
  await app.call("connectors.putConfig", { params, body: { config: { token: signIn.secret } } });
  await app.call("connectors.enable", { params });
  const call = { params: { ...params, operation: "issue" }, body: { params: { id: "7" } } };
  const { output } = await app.call("connectors.execute", call);
  expect(output).toEqual({ id: "7", title: "A lamp", variables: { id: "7" } });
});

test("an address inside is refused without the user's word, and what is no such service is named", async () => {
  const read = (body: { url: string; isInside: boolean }) => app.call("customConnectors.readGraphql", { body });
  await expect(read({ url: service.url, isInside: false })).rejects.toMatchObject({ status: 403 });
  expect(service.asked).toEqual([]);
  await app.call("connectors.setMode", { body: { mode: "offline" } });
  await expect(read({ url: service.url, isInside: true })).rejects.toMatchObject({ status: 403 });
  expect(service.asked).toEqual([]);
});
