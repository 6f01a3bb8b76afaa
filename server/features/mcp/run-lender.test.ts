import { expect, test } from "vitest";

import { mcpRightsSchema, mcpRunsSchema, type McpRights } from "../../../contract/features/mcp.ts";
import { createLender, type LendingRun } from "./run-lender.ts";

const rights = (given: Partial<McpRights>): McpRights => ({ ...mcpRightsSchema.parse({}), ...given });
const nothing = rights({ connectors: [], effects: [] });
const runs = mcpRunsSchema.parse({});

function world({ providers = {}, fails = false }: { providers?: Record<string, McpRights>; fails?: boolean } = {}) {
  const lent: McpRights[] = [];
  const open = new Set<string>();
  const settled: string[] = [];
  const lend = createLender({
    tokens: {
      runs: () => runs,
      lend(_run, given) {
        const id = `mt-${String(lent.length)}`;
        if (fails && lent.length === 1) return Promise.reject(new Error("the disk is full"));
        lent.push(given);
        open.add(id);
        return Promise.resolve({ id, secret: id, settled: () => void settled.push(id) });
      },
      take: (ids) => Promise.resolve(ids.forEach((id) => open.delete(id))),
    },
    ofProvider: (id) => providers[id] ?? null,
    hasConnectors: ({ effects, connectors }) => effects.length > 0 && connectors?.length !== 0,
    url: "http://127.0.0.1/mcp",
    bridge: ["node"],
  });
  return { lend, lent, open, settled };
}

const run = (given: Partial<LendingRun> = {}): LendingRun => ({
  id: "run-1",
  title: "Work",
  permissionMode: "ask-writes",
  isolation: { kind: "none" },
  providers: [{ id: "one", isProgram: true }],
  ...given,
});

test("a run of which nobody says anything gets what runs may", async () => {
  const { lend } = world();
  expect((await lend(run()))?.tools.get("one")?.rights).toEqual(runs.rights);
});

test("each who has a say can only take away: runs in general, the provider, the run, and a run that only looks", async () => {
  const wide = rights({
    effects: ["read", "write", "destructive"],
    areas: ["apps", "logs", "terminals", "browser"],
    asksBeforeWrites: false,
    mayRestartApps: true,
  });
  const { lend } = world({ providers: { one: { ...wide, areas: ["logs", "terminals"] } } });
  const given = (await lend(run({ tools: wide })))?.tools.get("one")?.rights;
  expect(given).toMatchObject({ areas: ["logs"], asksBeforeWrites: true, mayRestartApps: false });
  const looking = (await lend(run({ tools: wide, permissionMode: "ask" })))?.tools.get("one")?.rights;
  expect(looking).toMatchObject({ areas: ["logs"], effects: ["read"] });
});

test("one that is to get nothing gets no token, whoever says so", async () => {
  const { lend, lent } = world({ providers: { closed: nothing } });
  expect(await lend(run({ tools: nothing }))).toBeNull();
  expect(await lend(run({ providers: [{ id: "closed", isProgram: true }] }))).toBeNull();
  // Models are asked over HTTP: what PortOS knows is nothing to them.
  const areas = rights({ effects: [], areas: ["apps"] });
  expect(await lend(run({ tools: areas, providers: [{ id: "one", isProgram: false }] }))).toBeNull();
  expect(lent).toEqual([]);
});

test("a model that is asked over HTTP is lent connectors alone, also beside a program that sees more", async () => {
  const wide = rights({ areas: ["apps", "logs"], mayRestartApps: true });
  const { lend, lent } = world({ providers: { model: wide } });
  const providers = [
    { id: "one", isProgram: true },
    { id: "model", isProgram: false },
  ];
  const given = await lend(run({ providers }));
  expect(given?.tools.get("one")?.rights?.areas).toEqual(["apps", "logs"]);
  expect(given?.tools.get("model")?.rights).toMatchObject({ effects: ["read"], areas: [], mayRestartApps: false });
  expect(lent.at(-1)).toEqual(given?.tools.get("model")?.rights);
});

test("providers that may the same share a token, the others have one each or none", async () => {
  const { lend, lent, settled } = world({ providers: { reader: rights({}), closed: nothing } });
  const providers = ["one", "reader", "two", "closed"].map((id) => ({ id, isProgram: true }));
  const given = await lend(run({ providers }));
  expect(lent).toHaveLength(2);
  expect([...(given?.tools ?? [])].map(([id, { token }]) => [id, token])).toEqual([
    ["one", "mt-0"],
    ["two", "mt-0"],
    ["reader", "mt-1"],
  ]);
  given?.keep();
  expect(settled).toEqual(["mt-0", "mt-1"]);
});

test("none stays when one of them could not be made, or nobody took them", async () => {
  const providers = ["one", "reader"].map((id) => ({ id, isProgram: true }));
  const failing = world({ providers: { reader: rights({}) }, fails: true });
  await expect(failing.lend(run({ providers }))).rejects.toThrow("full");
  expect(failing.open.size).toBe(0);
  const { lend, open } = world({ providers: { reader: rights({}) } });
  const given = await lend(run({ providers }));
  expect(open.size).toBe(2);
  await given?.takeBack();
  expect(open.size).toBe(0);
});
