import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { customConnectorSchema, type CustomConnectorInput } from "../../../contract/features/custom-connectors.ts";
import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { declaredConnector, problemsOf } from "./declared-connector.ts";

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

let server: Server;
let base: string;
let seen: Seen[];
let answer: { status: number; body: string };
let test: TestGateway;

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: "{}" };
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});

afterEach(async () => {
  await test.end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function definition(changes: Partial<CustomConnectorInput> = {}) {
  return customConnectorSchema.parse({
    id: "tracker",
    title: "Tracker",
    baseUrl: "{address}",
    isInside: true,
    config: [
      { name: "address", title: "Address" },
      { name: "token", title: "Token", isSecret: true },
      { name: "project", title: "Project", isRequired: false },
    ],
    auth: { kind: "bearer", secret: "token" },
    headers: { "x-project": "{project}" },
    operations: [
      {
        name: "list-issues",
        title: "List issues",
        effect: "read",
        method: "GET",
        path: "/issues/{owner}",
        query: { q: "{q}", "per-page": "10", label: "{labels}" },
        input: {
          type: "object",
          properties: {
            owner: { type: "string" },
            q: { type: "string" },
            labels: { type: "array", items: { type: "string" } },
          },
          required: ["owner"],
        },
        output: { pick: "items[*].title" },
      },
      {
        name: "add-issue",
        title: "Add an issue",
        effect: "write",
        method: "POST",
        path: "/issues",
        body: { kind: "json", template: { title: "{title}", count: "{count}", project: "{project}" } },
        input: {
          type: "object",
          properties: { title: { type: "string" }, count: { type: "integer" } },
          required: ["title"],
        },
      },
    ],
    ...changes,
  });
}

async function open(changes: Partial<CustomConnectorInput> = {}, config: Record<string, unknown> = {}): Promise<void> {
  const made = definition(changes);
  expect(problemsOf(made)).toEqual([]);
  test = await createTestGateway({
    connectors: [declaredConnector(made)],
    configs: { tracker: { address: base, token: "very-secret-token", ...config } },
  });
}

describe("a connector made of data", () => {
  it("calls as it is declared, signs in, and gives back what is wanted of the reply", async () => {
    await open({}, { project: "p1" });
    answer.body = JSON.stringify({ items: [{ title: "One" }, { title: "very-secret-token" }] });
    const { output } = await test.call("tracker", "list-issues", { owner: "a/../b", q: "x y&z", labels: ["l1", "l2"] });
    expect(output).toEqual(["One", "[redacted]"]);
    expect(seen).toMatchObject([
      {
        method: "GET",
        url: "/v1/issues/a%2F..%2Fb?q=x+y%26z&per-page=10&label=l1&label=l2",
        headers: { authorization: "Bearer very-secret-token", "x-project": "p1" },
      },
    ]);
  });

  it("sends JSON with the types of the values, without what is not given", async () => {
    await open();
    answer.body = "";
    expect((await test.call("tracker", "add-issue", { title: '"quoted"', count: 3 })).output).toBeNull();
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ title: '"quoted"', count: 3 });
    expect(seen[0]?.headers["content-type"]).toBe("application/json");
    expect(seen[0]?.headers["x-project"]).toBeUndefined();
  });

  it("names every parameter that is wrong, and calls nobody", async () => {
    await open();
    const failure = await test.refused("tracker", "list-issues", { q: 1, more: true });
    expect(failure.gatewayCode).toBe("invalid_params");
    expect(failure.issues?.map(({ path }) => path).toSorted()).toEqual(["params.more", "params.owner", "params.q"]);
    expect((await test.refused("tracker", "list-issues", { owner: ".." })).gatewayCode).toBe("invalid_params");
    expect(seen).toEqual([]);
  });

  it("is refused inside unless it says that it lies there, and signs in over http nowhere else", async () => {
    await open({ isInside: false });
    expect((await test.refused("tracker", "list-issues", { owner: "a" })).gatewayCode).toMatch(
      /^(?:refused_by_guard|refused_by_policy|not_configured)$/,
    );
    await test.end();
    await open({ isInside: false }, { address: "http://api.example.com" });
    expect((await test.refused("tracker", "list-issues", { owner: "a" })).message).toContain("sign in over http");
    await test.end();
    await open({}, { address: "ftp://x" });
    expect((await test.refused("tracker", "list-issues", { owner: "a" })).gatewayCode).toBe("not_configured");
    expect(seen).toEqual([]);
  });

  it.each([
    [{ kind: "basic", user: "address", password: "token" }, "authorization", /^Basic /],
    [{ kind: "header", header: "X-Key", secret: "token", prefix: "Key " }, "x-key", /^Key very-secret-token$/],
  ] as const)("signs in with %j", async (auth, header, value) => {
    await open({ auth });
    await test.call("tracker", "list-issues", { owner: "a" });
    expect(seen[0]?.headers[header]).toMatch(value);
  });

  it("a key in the query is in no evidence", async () => {
    await open({ auth: { kind: "query", parameter: "key", secret: "token" } });
    const { evidenceId } = await test.call("tracker", "list-issues", { owner: "a" });
    expect(seen[0]?.url).toContain("key=very-secret-token");
    expect(JSON.stringify(await test.evidence(evidenceId))).not.toContain("very-secret-token");
  });

  it("forms, plain text and GraphQL are sent as such; errors of GraphQL are errors", async () => {
    const input = { type: "object", properties: { id: { type: "string" } } };
    const basis = { effect: "read" as const, method: "POST" as const, input };
    await open({
      operations: [
        { ...basis, name: "form", title: "Form", body: { kind: "form", fields: { id: "{id}", more: "a b" } } },
        { ...basis, name: "text", title: "Text", body: { kind: "text", template: "id={id}" }, output: { as: "text" } },
        {
          ...basis,
          name: "query",
          title: "Query",
          body: { kind: "graphql", query: "query($id: ID) { node(id: $id) { name } }", variables: ["id"] },
          output: { pick: "node.name" },
        },
      ],
    });
    await test.call("tracker", "form", { id: "1&2" });
    await test.call("tracker", "text", { id: "7" });
    expect(seen.map(({ body }) => body)).toEqual(["id=1%262&more=a+b", "id=7"]);
    answer.body = JSON.stringify({ data: { node: { name: "Ada" } }, errors: [{ message: "half" }] });
    const half = await test.call("tracker", "query", { id: "7" });
    expect(half.output).toBe("Ada");
    expect(half.path.find(({ code }) => code === "partial")?.reason).toContain("half");
    expect(JSON.parse(seen[2]?.body ?? "")).toMatchObject({ variables: { id: "7" } });
    answer.body = JSON.stringify({ data: null, errors: [{ message: "No such node" }] });
    expect(await test.refused("tracker", "query", {})).toMatchObject({
      gatewayCode: "upstream_failed",
      message: expect.stringContaining("No such node") as string,
    });
  });
});

function noted({ path }: { path: readonly { code: string | null; reason: string }[] }): string | undefined {
  return path.find(({ code }) => code === "reply_unreadable")?.reason;
}

describe("a write whose reply cannot be read has arrived", () => {
  it("text instead of JSON is given as it is", async () => {
    await open();
    answer.body = "ok";
    const reply = await test.call("tracker", "add-issue", { title: "x" });
    expect(reply.output).toBe("ok");
    expect(noted(reply)).toContain("no JSON");
    expect(seen).toHaveLength(1);
    const failure = await test.refused("tracker", "list-issues", { owner: "a" });
    expect(failure).toMatchObject({
      gatewayCode: "upstream_failed",
      message: expect.stringContaining("no JSON") as string,
    });
  });

  it("a reply that is too large, or does not hold what is wanted, is a note; a refusal stays one", async () => {
    const [, add] = definition().operations;
    if (!add) throw new Error("no such operation");
    await open({ operations: [{ ...add, output: { as: "json", pick: "length(`7`)" } }] });
    expect(noted(await test.call("tracker", "add-issue", { title: "x" }))).toContain("cannot be taken");
    answer.body = "x".repeat(11_000_000);
    const large = await test.call("tracker", "add-issue", { title: "x" });
    expect([large.output, noted(large)]).toEqual([null, expect.stringContaining("larger than")]);
    answer = { status: 400, body: "no" };
    expect((await test.refused("tracker", "add-issue", { title: "x" })).gatewayCode).toBe("upstream_failed");
  });
});

it.each<[Partial<CustomConnectorInput>, string]>([
  [{ auth: { kind: "bearer", secret: "nothing" } }, "auth.secret"],
  [{ baseUrl: "https://{token}.example.com" }, "baseUrl"],
  [{ headers: { "x-a": "{unknown}" } }, "headers.x-a"],
  [{ operations: [{ name: "a", title: "A", effect: "read", method: "GET", path: "/{id}" }] }, "operations.0.path"],
  [
    { operations: [{ name: "a", title: "A", effect: "read", method: "GET", output: { pick: "a[" } }] },
    "operations.0.output.pick",
  ],
  [
    { operations: [{ name: "a", title: "A", effect: "read", method: "GET", body: { kind: "text", template: "x" } }] },
    "operations.0.body",
  ],
  [
    {
      operations: [
        { name: "a", title: "A", effect: "read", method: "GET", input: { properties: { a: { $ref: "#/x" } } } },
      ],
    },
    "operations.0.input",
  ],
])("what is wrong with a definition is named: %#", async (changes, path) => {
  await open();
  expect(problemsOf(definition(changes)).map((problem) => problem.path)).toContain(path);
});
