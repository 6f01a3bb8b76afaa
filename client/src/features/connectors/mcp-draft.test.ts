import { expect, test } from "vitest";

import { mcpConnectorSchema } from "../../../../contract/features/mcp-connectors.ts";
import { firstMcpForm, idOf, mcpDraftOf, signedDraft, withClient, wordsOf } from "./mcp-draft.ts";

test("a command is taken apart as a shell would, without being one", () => {
  const cases: [string, string[]][] = [
    ["npx -y @example/server", ["npx", "-y", "@example/server"]],
    ["  node  'my server.mjs' \"--name=a b\" ", ["node", "my server.mjs", "--name=a b"]],
    [String.raw`run my\ server "a \"word\"" '\n'`, ["run", "my server", 'a "word"', String.raw`\n`]],
    ["run '' \"\"", ["run", "", ""]],
    ["run $HOME;ls", ["run", "$HOME;ls"]],
    ["", []],
  ];
  for (const [text, words] of cases) expect([text, wordsOf(text)]).toEqual([text, words]);
});

test("secrets are kept apart from the definition, and braces stay what they are", () => {
  const variable = { key: 1, last4: null };
  const { definition, values } = mcpDraftOf({
    ...firstMcpForm,
    id: " notes ",
    title: "Notes",
    command: 'serve --filter={"a":1}',
    variables: [
      { ...variable, name: "API_KEY", value: "the-secret", isSecret: true },
      { ...variable, name: "MODE", value: "{plain}", isSecret: false },
      { ...variable, name: " ", value: "nothing", isSecret: false },
    ],
  });
  expect(definition).toEqual({
    kind: "mcp",
    id: "notes",
    title: "Notes",
    config: [{ name: "API_KEY", title: "API_KEY", isSecret: true }],
    server: {
      kind: "stdio",
      command: "serve",
      args: ["--filter={{a:1}}"],
      folder: null,
      env: { API_KEY: "{API_KEY}", MODE: "{{plain}}" },
      isConfined: false,
    },
  });
  expect(values).toEqual({ API_KEY: "the-secret" });
});

test("an address is signed in with a token only where one is given", () => {
  const form = {
    ...firstMcpForm,
    id: "notes",
    title: "Notes",
    kind: "http" as const,
    url: " https://mcp.example.com/mcp ",
  };
  expect(mcpDraftOf(form)).toEqual({
    definition: {
      kind: "mcp",
      id: "notes",
      title: "Notes",
      config: [],
      server: { kind: "http", url: "https://mcp.example.com/mcp", isInside: false, auth: { kind: "none" } },
    },
    values: {},
  });
  expect(mcpDraftOf({ ...form, token: "t" })).toMatchObject({
    definition: { server: { auth: { kind: "bearer", secret: "token" } } },
    values: { token: "t" },
  });
});

test("an id is made of a title", () => {
  expect(idOf("GitHub tools (2)")).toBe("github-tools-2");
  expect(idOf("3 wishes")).toBe("wishes");
});

test("a server is signed in to on its page, with a client of the user's own where it wants one", () => {
  const form = { ...firstMcpForm, kind: "http" as const, id: "x", title: "X", url: "https://mcp.example.com/mcp" };
  const signed = mcpConnectorSchema.parse(signedDraft(mcpDraftOf(form).definition));
  expect(signed.server).toMatchObject({ auth: { kind: "oauth", clientId: null, clientSecret: null } });
  const first = withClient(signed, { clientId: "me", hasSecret: true });
  expect(mcpConnectorSchema.parse(first)).toMatchObject({
    config: [{ name: "clientSecret", isSecret: true }],
    server: { auth: { clientId: "me", clientSecret: "clientSecret" } },
  });
  const second = withClient(first, { clientId: "me-again", hasSecret: false });
  expect(second).toMatchObject({ config: [], server: { auth: { clientId: "me-again", clientSecret: null } } });
});
