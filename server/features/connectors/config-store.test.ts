import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createSecretBox, type SecretBox } from "../../../lib/secret-box.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { defineConnector, defineOperation, type AnyConnector } from "../../connectors/framework/define-connector.ts";
import { createConfigStore, type ConfigStore } from "./config-store.ts";
import { connectorsFile, untouched, type ConnectorsFile } from "./connector-files.ts";

const newFolder = useTemporaryFolders();
const things: AnyConnector = defineConnector({
  id: "things",
  title: "Things",
  description: "A place of things.",
  config: z.object({ address: z.url(), apiKey: z.string().min(8), hookSecret: z.string().optional() }),
  secrets: ["apiKey", "hookSecret"],
  operations: {
    look: defineOperation({
      title: "Look",
      description: "Looks.",
      effect: "read",
      input: z.object({}),
      output: z.null(),
      targets: () => [],
      examples: [],
      run: () => Promise.resolve(null),
    }),
  },
});
const address = "https://things.example";

let folder: string;
let store: JsonStore<ConnectorsFile>;
let box: SecretBox;
let configs: ConfigStore;
let present: AnyConnector | undefined;

async function open(): Promise<void> {
  store = await openJsonStore<ConnectorsFile>({
    ...connectorsFile,
    file: join(folder, "connectors.json"),
    logger: silentLogger,
  });
  box = createSecretBox({
    configDir: join(folder, "config"),
    fingerprintFile: join(folder, "secrets-key.json"),
    variables: { THINGS_KEY: "key-of-the-environment" },
    logger: silentLogger,
  });
  const clock = { now: () => 0, monotonic: () => 0 };
  configs = createConfigStore({ store, secrets: box, clock, present: () => present });
}

async function reopen(): Promise<void> {
  await store.close();
  await open();
}

beforeEach(async () => {
  folder = await newFolder();
  await open();
});
afterEach(() => store.close());

const onDisk = (): Promise<string> => readFile(join(folder, "connectors.json"), "utf8");
const valuesOf = async () => (await configs.configs.open(things)).values;

test("one nobody has touched is off and empty, and what is missing is named", async () => {
  expect(configs.configs.setup(things)).toEqual({ isEnabled: false, revision: 0 });
  expect(configs.configs.setup({ ...things, id: "__proto__" }).isEnabled).toBe(false);
  expect((await configs.issues(things)).map(({ path }) => path)).toEqual(["config.address", "config.apiKey"]);
});

test("secrets are sealed on disk, open for the gateway alone, and told by their last letters at most", async () => {
  await configs.put(things, { address, apiKey: "a-long-secret-key" });
  expect(await onDisk()).not.toContain("a-long-secret-key");
  await reopen();
  expect(await configs.configs.open(things)).toEqual({
    values: { address, apiKey: "a-long-secret-key" },
    secrets: ["a-long-secret-key"],
  });
  const view = configs.view(things);
  expect(view.config).toEqual({ address });
  expect(view.secrets).toMatchObject({ apiKey: { isSet: true, last4: "-key" }, hookSecret: { isSet: false } });
  expect(JSON.stringify(view)).not.toContain("a-long");
  expect(await configs.issues(things)).toEqual([]);
});

test("a secret that is left out stays, one that is null goes, and each change is a revision", async () => {
  await configs.put(things, { address, apiKey: "first-secret", hookSecret: "second-secret" });
  await configs.put(things, { address: `${address}/deeper?in=it` });
  expect(await valuesOf()).toEqual({
    address: `${address}/deeper?in=it`,
    apiKey: "first-secret",
    hookSecret: "second-secret",
  });
  await configs.put(things, { address, hookSecret: null });
  expect(await valuesOf()).toEqual({ address, apiKey: "first-secret" });
  await expect(configs.put(things, { address, apiKey: "" })).rejects.toMatchObject({ code: "invalid_request" });
  await configs.setEnabled(things, true);
  expect(configs.configs.setup(things)).toEqual({ isEnabled: true, revision: 3 });
});

test("every field that is wrong or unknown is named, nothing is changed, and no secret is repeated", async () => {
  await configs.put(things, { address, apiKey: "first-secret" });
  const wrong = configs.put(things, { address: "nowhere", apiKey: "short", colour: "red" });
  const error: unknown = await wrong.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "invalid_request",
    issues: [{ path: "body.config.address" }, { path: "body.config.apiKey" }, { path: "body.config.colour" }],
  });
  expect(JSON.stringify(error)).not.toContain('short"');
  await expect(configs.put(things, { address, apiKey: 12_345_678 })).rejects.toMatchObject({ code: "invalid_request" });
  expect(await valuesOf()).toEqual({ address, apiKey: "first-secret" });
});

test("a secret of the environment stays there", async () => {
  await configs.put(things, { address, apiKey: "env:THINGS_KEY" });
  expect(await onDisk()).toContain("env:THINGS_KEY");
  expect(await valuesOf()).toMatchObject({ apiKey: "key-of-the-environment" });
});

test("a secret written by hand among the other fields works, is never shown, and is sealed", async () => {
  await store.update((file) => ({
    next: {
      ...file,
      connectors: {
        things: {
          isEnabled: true,
          config: { address, apiKey: "written-by-hand" },
          secrets: {},
          secretPlaces: {},
          signIn: null,
          binding: null,
          revision: 4,
          updatedAt: null,
        },
      },
    },
    result: null,
  }));
  expect(configs.view(things).config).toEqual({ address });
  expect(await valuesOf()).toEqual({ address, apiKey: "written-by-hand" });
  await configs.sealByHand([things]);
  expect(await onDisk()).not.toContain("written-by-hand");
  await reopen();
  expect(await valuesOf()).toEqual({ address, apiKey: "written-by-hand" });
  const before = await onDisk();
  await configs.sealByHand([things]);
  expect(await onDisk()).toBe(before);
});

test("secrets that cannot be opened are said to be, and can be entered anew", async () => {
  await configs.put(things, { address, apiKey: "first-secret" });
  await store.close();
  await rm(join(folder, "config"), { recursive: true });
  await open();
  await expect(configs.configs.open(things)).rejects.toMatchObject({ code: "unavailable" });
  expect(await configs.issues(things)).toMatchObject([{ path: "config" }]);
});

test("a field that is no secret any more loses its value at once, although it was open before", async () => {
  await configs.put(things, { address, apiKey: "first-secret", hookSecret: "second-secret" });
  await valuesOf();
  const opener = { ...things, secrets: ["hookSecret"] };
  expect((await configs.configs.open(opener)).values).toEqual({ address, hookSecret: "second-secret" });
});

test("what was entered for one place holds for no other, and comes back with it until something is saved", async () => {
  const here: AnyConnector = { ...things, binding: "here" };
  const there: AnyConnector = { ...things, binding: "there" };
  await configs.put(here, { address, apiKey: "first-secret" });
  await configs.setEnabled(here, true);
  const { revision } = configs.configs.setup(here);
  expect(configs.configs.setup(there)).toEqual({ isEnabled: false, revision: revision + 1 });
  expect(await configs.configs.open(there)).toEqual({ values: { address }, secrets: [] });
  expect([configs.isChanged(here), configs.isChanged(there)]).toEqual([false, true]);
  expect(configs.configs.setup(here)).toEqual({ isEnabled: true, revision });
  await expect(configs.put(there, { address })).rejects.toMatchObject({ code: "invalid_request" });
  await configs.setEnabled(there, true);
  await reopen();
  expect(await onDisk()).not.toContain("sealed");
  expect(configs.configs.setup(here).isEnabled).toBe(false);
});

test("a sign-in that was begun under a former definition neither takes what was entered since nor brings a deleted connector back", async () => {
  const here: AnyConnector = { ...things, binding: "here" };
  const there: AnyConnector = { ...things, binding: "there" };
  const record = { address, current: null, pending: null };
  present = here;
  await configs.put(here, { address, apiKey: "first-secret" });
  expect(await configs.putSignIn(here, () => record)).toBeNull();
  present = there;
  await configs.put(there, { address, apiKey: "second-secret" });
  await configs.setEnabled(there, true);
  await expect(configs.putSignIn(here, () => record)).rejects.toMatchObject({ code: "conflict" });
  expect(configs.configs.setup(there).isEnabled).toBe(true);
  expect((await configs.configs.open(there)).values).toMatchObject({ apiKey: "second-secret" });
  expect(configs.signIn(there)).toBeNull();
  expect(await configs.putSignIn(there, () => record)).toBeNull();
  present = undefined;
  await configs.forget("things");
  await expect(configs.putSignIn(there, () => record)).rejects.toMatchObject({ code: "conflict" });
  expect(store.get().connectors).toEqual({});
});

const other = "https://other.example";
const withoutPlaces = (): Promise<null> =>
  store.update((file) => {
    const { things: record } = file.connectors;
    return { next: { ...file, connectors: { things: { ...untouched, ...record, secretPlaces: {} } } }, result: null };
  });
const lead = (to: string, more: Record<string, unknown> = {}): Promise<null> =>
  store.update((file) => {
    const record = { ...untouched, ...file.connectors["things"] };
    return {
      next: { ...file, connectors: { things: { ...record, config: { address: to, ...more } } } },
      result: null,
    };
  });

test.each([other, "http://things.example", "https://things.example:8443"])(
  "a secret does not come to %s unless it is entered again or removed",
  async (elsewhere) => {
    await configs.put(things, { address, apiKey: "first-secret", hookSecret: "second-secret" });
    await expect(configs.put(things, { address: elsewhere })).rejects.toMatchObject({
      code: "invalid_request",
      issues: [
        { path: "body.config.apiKey", message: expect.stringContaining("must be entered again") as string },
        { path: "body.config.hookSecret", message: expect.stringContaining(elsewhere) as string },
      ],
    });
    expect(await valuesOf()).toEqual({ address, apiKey: "first-secret", hookSecret: "second-secret" });
    await configs.put(things, { address: elsewhere, apiKey: "other-secret", hookSecret: null });
    expect(await valuesOf()).toEqual({ address: elsewhere, apiKey: "other-secret" });
  },
);

test("a secret of before places were kept belongs to the address beside it", async () => {
  await configs.put(things, { address, apiKey: "first-secret" });
  await withoutPlaces();
  expect(await valuesOf()).toEqual({ address, apiKey: "first-secret" });
  await expect(configs.put(things, { address: other })).rejects.toMatchObject({ code: "invalid_request" });
  await configs.put(things, { address: `${address}/x` });
  expect(await valuesOf()).toEqual({ address: `${address}/x`, apiKey: "first-secret" });
});

test("a file that is edited by hand to lead elsewhere turns the connector off, and its secrets stay at home", async () => {
  await configs.put(things, { address, apiKey: "first-secret" });
  await configs.setEnabled(things, true);
  await lead(other);
  await reopen();
  expect(configs.configs.setup(things).isEnabled).toBe(false);
  expect(await configs.configs.open(things)).toEqual({ values: { address: other }, secrets: [] });
  expect(configs.isChanged(things)).toBe(true);
  expect(configs.view(things).secrets).toMatchObject({ apiKey: { isSet: false } });
  expect((await configs.issues(things)).map(({ path }) => path)).toEqual(["config.apiKey"]);
  await lead(`${address}/as-before`);
  expect(configs.configs.setup(things).isEnabled).toBe(true);
  expect(await valuesOf()).toMatchObject({ apiKey: "first-secret" });
  await lead(other, { apiKey: "written-beside-it" });
  await configs.sealByHand([things]);
  expect(await onDisk()).not.toContain("written-beside-it");
  await reopen();
  expect(await valuesOf()).toEqual({ address: other, apiKey: "written-beside-it" });
  expect(configs.isChanged(things)).toBe(false);
});

test("what is forgotten is as if nobody had touched it", async () => {
  await configs.put(things, { address, apiKey: "first-secret" });
  await configs.setEnabled(things, true);
  await configs.forget("things");
  expect(configs.configs.setup(things)).toEqual({ isEnabled: false, revision: 0 });
  expect((await configs.configs.open(things)).secrets).toEqual([]);
});
