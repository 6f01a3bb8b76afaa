import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { openJsonStore, type JsonStore } from "../../../../lib/json-store.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { createSecretBox, type SecretBox } from "../../../../lib/secret-box.ts";
import { createFaultyDisk } from "../../../../lib/testing/faulty-disk.ts";
import { useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import { createConfigStore, type ConfigStore } from "../config-store.ts";
import { connectorsFile, type ConnectorsFile } from "../connector-files.ts";
import { createSignInBook, type Signed, type SignInBook } from "./sign-in-book.ts";

const newFolder = useTemporaryFolders();
const address = new URL("https://counter.example/mcp");
const counter: Signed = { id: "counter", secrets: [], config: z.object({}), binding: "here", address };
const place = {
  server: "https://in.example",
  issuer: "https://in.example",
  authorize: "https://in.example/authorize",
  token: "https://in.example/token",
  register: null,
  revoke: "https://in.example/revoke",
  methods: [],
  scope: null,
  resource: address.href,
  namesItself: false,
};
const way = { place, client: { id: "portos", secret: null, method: null }, redirectUri: "http://localhost/back" };
const tokens = (name: string) => ({
  access: `access-${name}`,
  refresh: `refresh-${name}`,
  scope: "count",
  lastsMs: null,
});

let folder: string;
let store: JsonStore<ConnectorsFile>;
let secrets: SecretBox;
let configs: ConfigStore;
let book: SignInBook;
let present: Signed | undefined;
const { disk, fail, heal } = createFaultyDisk();
const full = "writeFile connectors.json.tmp";

async function open(): Promise<void> {
  present = counter;
  const logger = silentLogger;
  store = await openJsonStore<ConnectorsFile>({
    ...connectorsFile,
    file: join(folder, "connectors.json"),
    logger,
    disk,
  });
  secrets = createSecretBox({
    configDir: join(folder, "config"),
    fingerprintFile: join(folder, "secrets-key.json"),
    variables: {},
    logger,
  });
  const clock = { now: () => 0, monotonic: () => 0 };
  configs = createConfigStore({ store, secrets, clock, present: () => present });
  book = createSignInBook({ configs, secrets, logger, now: () => 0 });
}

beforeEach(async () => {
  folder = await newFolder();
  await open();
  await book.put(counter, way, tokens("1"));
});
afterEach(async () => {
  heal();
  await store.close();
});

async function reopen(): Promise<void> {
  await store.close();
  await open();
}
const held = async () => (await book.open(counter))?.refresh;

test("renewed tokens that the disk refuses count all the same, are renewed in their turn, and written when it takes them", async () => {
  fail(full, "ENOSPC");
  expect(await book.replace(counter, "access-1", tokens("2"))).toBe(true);
  expect(await held()).toBe("refresh-2");
  expect(await book.replace(counter, "access-1", tokens("x"))).toBe(false);
  expect(await book.replace(counter, "access-2", tokens("3"))).toBe(true);
  expect(await held()).toBe("refresh-3");
  heal();
  expect(await held()).toBe("refresh-3");
  await reopen();
  expect(await held()).toBe("refresh-3");
});

test("they are written at the end, and with whatever else is written", async () => {
  fail(full, "ENOSPC");
  await book.replace(counter, "access-1", tokens("2"));
  await book.save();
  heal();
  await book.save();
  await reopen();
  expect(await held()).toBe("refresh-2");
  fail(full, "ENOSPC");
  await book.replace(counter, "access-2", tokens("3"));
  heal();
  await book.note(counter, book.of(counter)?.current?.since ?? "", { missing: "more" });
  await reopen();
  expect(await book.open(counter)).toMatchObject({ refresh: "refresh-3", missing: "more" });
});

test("who signs out meanwhile gets what is to be taken back, and nothing of it comes again", async () => {
  fail(full, "ENOSPC");
  await book.replace(counter, "access-1", tokens("2"));
  heal();
  await book.put(counter, way, tokens("3"));
  fail(full, "ENOSPC");
  await book.replace(counter, "access-3", tokens("4"));
  heal();
  expect(await book.forget(counter)).toMatchObject({ refresh: "refresh-4" });
  await book.save();
  expect(await book.open(counter)).toBeNull();
  await book.put(counter, way, tokens("5"));
  expect(await held()).toBe("refresh-5");
});

test("tokens for what leads elsewhere by now are not kept", async () => {
  present = { ...counter, binding: "there" };
  expect(await book.replace(counter, "access-1", tokens("2"))).toBe(false);
  present = counter;
  fail(full, "ENOSPC");
  await book.replace(counter, "access-1", tokens("2"));
  present = undefined;
  heal();
  await book.save();
  present = counter;
  expect(await held()).toBe("refresh-1");
});
