import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Ref {
  kind: string;
  name: string | null;
  ofType: Ref | null;
}
interface Argument {
  name: string;
  description: string | null;
  defaultValue: string | null;
  type: Ref;
}
interface Field {
  name: string;
  description: string | null;
  args: Argument[];
  type: Ref;
}

const named = (kind: string, name: string): Ref => ({ kind, name, ofType: null });
const scalar = (name: string): Ref => named("SCALAR", name);
const object = (name: string): Ref => named("OBJECT", name);
const must = (ofType: Ref): Ref => ({ kind: "NON_NULL", name: null, ofType });
const list = (ofType: Ref): Ref => ({ kind: "LIST", name: null, ofType });
const argument = (name: string, of: Ref, defaultValue: string | null = null): Argument => ({
  name,
  description: null,
  defaultValue,
  type: of,
});
const field = (name: string, of: Ref, args: Argument[] = []): Field => ({ name, description: null, args, type: of });

function type(kind: string, name: string, parts: Record<string, unknown> = {}) {
  const none = { description: null, fields: null, inputFields: null, enumValues: null, possibleTypes: null };
  return { kind, name, ...none, ...parts };
}

const filter = named("INPUT_OBJECT", "IssueFilter");
const issue = object("Issue");

/** A service as the specification of October 2021 (section 4.2, schema introspection) says it describes itself. */
export const fakeSchema = {
  queryType: { name: "Query" },
  mutationType: { name: "Mutation" },
  subscriptionType: null,
  types: [
    ...["ID", "String", "Int", "Float", "Boolean", "DateTime"].map((name) => type("SCALAR", name)),
    type("ENUM", "State", { enumValues: [{ name: "OPEN" }, { name: "CLOSED" }] }),
    type("INPUT_OBJECT", "IssueFilter", {
      inputFields: [
        argument("state", named("ENUM", "State"), "OPEN"),
        argument("labels", list(must(scalar("String")))),
        argument("not", filter),
        argument("text", must(scalar("String"))),
      ],
    }),
    type("OBJECT", "User", { fields: [field("name", must(scalar("String"))), field("issues", list(issue))] }),
    type("OBJECT", "Repository", { fields: [field("name", scalar("String")), field("stars", must(scalar("Int")))] }),
    type("OBJECT", "Issue", {
      fields: [
        field("id", must(scalar("ID"))),
        field("title", must(scalar("String"))),
        field("state", must(named("ENUM", "State"))),
        field("author", object("User")),
        field("comment", scalar("String"), [argument("number", must(scalar("Int")))]),
      ],
    }),
    type("OBJECT", "IssueEdge", { fields: [field("cursor", must(scalar("String"))), field("node", issue)] }),
    type("OBJECT", "IssueConnection", {
      fields: [field("totalCount", must(scalar("Int"))), field("edges", list(object("IssueEdge")))],
    }),
    type("UNION", "SearchResult", { possibleTypes: [{ name: "User" }, { name: "Repository" }, { name: "Issue" }] }),
    type("OBJECT", "Query", {
      fields: [
        field("issue", issue, [argument("id", must(scalar("ID")))]),
        field("issues", must(object("IssueConnection")), [
          argument("first", scalar("Int"), "20"),
          argument("filter", filter),
        ]),
        field("search", list(named("UNION", "SearchResult")), [argument("_text", must(scalar("String")))]),
        field("version", must(scalar("String"))),
      ],
    }),
    type("OBJECT", "Mutation", {
      fields: [
        field("createIssue", issue, [
          argument("title", must(scalar("String"))),
          argument("due", named("SCALAR", "DateTime")),
        ]),
        field("deleteIssue", scalar("Boolean"), [argument("id", must(scalar("ID")))]),
      ],
    }),
  ],
};

type FakeType = (typeof fakeSchema.types)[number];
const types = new Map(fakeSchema.types.map((one) => [one.name, one]));

function innermost(ref: Ref): string {
  return ref.ofType === null ? (ref.name ?? "") : innermost(ref.ofType);
}

/** Every name in a document that the schema does not know, or that stands where it must not. Empty for a good one. */
export function wrongIn(document: string): string[] {
  const wrong: string[] = [];
  const words = document.match(/\.\.\.|[_A-Za-z][_0-9A-Za-z]*|[{}()]|[^\s]/g) ?? [];
  let at = 0;

  function skipParentheses(): void {
    if (words[at] !== "(") return;
    while (at < words.length && words[at] !== ")") at += 1;
    at += 1;
  }

  function selection(on: FakeType | undefined): void {
    if (words[at] !== "{") return;
    at += 1;
    let count = 0;
    while (at < words.length && words[at] !== "}") {
      count += 1;
      if (words[at] === "...") {
        const target = types.get(words[at + 2] ?? "");
        if (words[at + 1] !== "on" || target === undefined) wrong.push(`... ${String(words[at + 2])}`);
        at += 3;
        selection(target);
        continue;
      }
      const name = words[at] ?? "";
      at += 1;
      const found = (on?.fields as Field[] | null | undefined)?.find((one) => one.name === name);
      if (found === undefined && name !== "__typename") wrong.push(`${on?.name ?? "?"}.${name}`);
      skipParentheses();
      const inside = found === undefined ? undefined : types.get(innermost(found.type));
      const isDeep = inside !== undefined && ["OBJECT", "INTERFACE", "UNION"].includes(inside.kind);
      if (isDeep !== (words[at] === "{")) wrong.push(`${name}: ${isDeep ? "asks for nothing of it" : "has no fields"}`);
      selection(inside);
    }
    if (count === 0) wrong.push("an empty selection");
    at += 1;
  }

  const kind = words[at];
  at += 1;
  if (words[at] !== "{" && words[at] !== "(") at += 1;
  skipParentheses();
  selection(types.get(kind === "mutation" ? "Mutation" : "Query"));
  if (at !== words.length) wrong.push("something behind its end");
  return wrong;
}

/** A server of it; what it was asked, and who signed in. */
export async function startFakeGraphql(reply: (query: string, variables: unknown) => unknown) {
  const asked: { query: string; variables: unknown; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString("utf8");
      const { query, variables } = JSON.parse(text) as { query: string; variables: unknown };
      asked.push({ query, variables, authorization: request.headers.authorization });
      const isIntrospection = query.includes("__schema");
      const wrong = isIntrospection ? [] : wrongIn(query);
      const answer = isIntrospection
        ? { data: { __schema: fakeSchema } }
        : wrong.length > 0
          ? { errors: wrong.map((message) => ({ message })) }
          : { data: reply(query, variables) };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/graphql`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
