import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema, type ConnectorPolicyInput } from "../../../contract/features/connectors.ts";
import { CallError, startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;

beforeEach(async () => {
  app = await startTestApp();
  await app.call("connectors.enable", { params: { id: "web-fetch" } });
});

afterEach(() => app.end());

const operation = { id: "web-fetch", operation: "fetch" };
const simulate = (url: string, policy?: ConnectorPolicyInput) =>
  app.call("connectors.simulate", {
    params: { id: "web-fetch" },
    body: {
      operation: "fetch",
      params: { url },
      ...(policy === undefined ? {} : { policy: connectorPolicySchema.parse(policy) }),
    },
  });
const dryRun = (url: string) => app.call("connectors.dryRun", { params: operation, body: { params: { url } } });

async function executed(url: string) {
  const outcome = await app.call("connectors.execute", { params: operation, body: { params: { url } } }).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof CallError)) throw new Error("It was made");
  return outcome;
}

test("a dry run and a simulation refuse, word for word, what each real call is refused for by its looks", async () => {
  const own = String(app.env.ports.server);
  const places = [
    "http://10.0.0.1/",
    "http://localhost/",
    "http://169.254.169.254/latest",
    "http://[::1]/",
    "http://2130706433/",
    `http://127.0.0.1:${own}/`,
    `http://example.com:${own}/`,
    "http://example.com:19391/",
    "http://anna:secret@example.com/",
  ];
  for (const url of places) {
    const real = await executed(url);
    const { message, hint = null } = real.details;
    expect([url, real.details.reason]).toEqual([url, "refused_by_guard"]);
    const refused = { verdict: "refused", code: "refused_by_guard", message, hint };
    expect(await simulate(url)).toMatchObject(refused);
    const tried = await dryRun(url);
    expect(tried).toMatchObject(refused);
    expect(tried.path.at(-1)).toMatchObject({ step: "address", verdict: "stop" });
  }
});

test("what a name leads to is noted as judged later; what the policy names passes", async () => {
  const tried = await dryRun("https://example.com/");
  expect(tried.verdict).toBe("allowed");
  expect(tried.path).toContainEqual(
    expect.objectContaining({
      step: "address",
      verdict: "pass",
      code: "later",
      reason: "What example.com leads to is judged when it is called",
    }),
  );
  expect(await dryRun("https://1.1.1.1/")).toMatchObject({ verdict: "allowed" });
  const inside = { insides: ["10.0.0.1:80", "localhost:3000"] };
  expect(await simulate("http://10.0.0.1/", inside)).toMatchObject({ verdict: "allowed" });
  expect(await simulate("http://localhost:3000/", inside)).toMatchObject({ verdict: "allowed" });
  expect(await simulate("http://10.0.0.1:8080/", inside)).toMatchObject({ verdict: "refused" });
  expect(await simulate("http://example.com:19391/", { extraPorts: [19_391] })).toMatchObject({ verdict: "allowed" });
});
