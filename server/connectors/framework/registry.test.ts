import { beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { defineConnector, defineOperation, type AnyConnector } from "./define-connector.ts";
import { createRegistry, type ConnectorRegistry } from "./registry.ts";

const look = defineOperation({
  title: "Look",
  description: "Looks.",
  effect: "read",
  input: z.object({}),
  output: z.null(),
  targets: () => [],
  examples: [],
  run: () => Promise.resolve(null),
});
const named = (id: string, title = id): AnyConnector =>
  defineConnector({ id, title, description: title, config: z.object({}), secrets: [], operations: { look } });

const mail = named("mail", "E-mail");
const web = named("web", "Ärzte");
let registry: ConnectorRegistry;
let changes: number;

beforeEach(() => {
  registry = createRegistry([web, mail]);
  changes = 0;
  registry.onChange(() => {
    changes += 1;
  });
});

const ids = (): string[] => registry.list().map(({ id }) => id);

test("lists by title, as people sort", () => {
  registry.add(named("own", "Äpfel"));
  registry.add(named("zed", "Zed"));
  expect(ids()).toEqual(["own", "web", "mail", "zed"]);
});

test("one is added, replaced and removed, and each is told once", () => {
  const own = named("own");
  registry.add(own);
  expect(registry.get("own")).toBe(own);
  expect(() => {
    registry.add(named("own"));
  }).toThrow(expect.objectContaining({ code: "conflict" }));
  const other = named("own", "Other");
  registry.replace(other);
  expect(registry.get("own")).toBe(other);
  registry.remove("own");
  registry.remove("own");
  expect(registry.get("own")).toBeUndefined();
  expect(changes).toBe(3);
});

test("those built in stay what they are", () => {
  expect(registry.isBuiltIn("mail")).toBe(true);
  for (const change of [registry.add, registry.replace])
    expect(() => {
      change(named("mail", "Another"));
    }).toThrow(expect.objectContaining({ code: "conflict" }));
  registry.remove("mail");
  expect(registry.get("mail")).toBe(mail);
  expect(changes).toBe(0);
});

test("names of an object's own parts are no connectors", () => {
  for (const id of ["constructor", "__proto__", "toString"]) expect(registry.get(id)).toBeUndefined();
});

test("two with one id cannot be built in", () => {
  expect(() => createRegistry([mail, named("mail")])).toThrow(/two connectors mail/);
});
