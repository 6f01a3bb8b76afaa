import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createFaultyDisk, type FaultyDisk } from "../../../lib/testing/faulty-disk.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { connectorsFile, type ConnectorsFile } from "./connector-files.ts";
import { createNetworkMode, type NetworkModeSwitch } from "./network-mode.ts";

const newFolder = useTemporaryFolders();
const clock = { now: () => Date.UTC(2026, 4, 4), monotonic: () => 0 };
const at = "2026-05-04T00:00:00.000Z";

let folder: string;
let faults: FaultyDisk;
let store: JsonStore<ConnectorsFile>;
let network: NetworkModeSwitch;
let isPanic: boolean;

async function open(): Promise<void> {
  store = await openJsonStore<ConnectorsFile>({
    ...connectorsFile,
    file: join(folder, "connectors.json"),
    logger: silentLogger,
    disk: faults.disk,
  });
  network = createNetworkMode({ store, clock, isPanic: () => isPanic });
}

beforeEach(async () => {
  folder = await newFolder();
  faults = createFaultyDisk();
  isPanic = false;
  await open();
});
afterEach(async () => {
  faults.heal();
  await store.close();
});

test("is online at first, and keeps over a restart what was set, when and by whom", async () => {
  expect(network.state()).toEqual({ mode: "online", since: null, by: null });
  await network.set("read-only", "Anna");
  await store.close();
  await open();
  expect(network.state()).toEqual({ mode: "read-only", since: at, by: "Anna" });
  await network.set("read-only", "Ben");
  expect(network.state().by).toBe("Anna");
});

test("while everything is stopped nothing leaves; what was set holds again after that", () => {
  isPanic = true;
  expect([network.now(), network.state().mode]).toEqual(["offline", "offline"]);
  isPanic = false;
  expect(network.now()).toBe("online");
});

test("closed stays closed until somebody opens it, over a restart, too", async () => {
  await network.close("Anna");
  expect(network.now()).toBe("offline");
  await store.close();
  await open();
  expect(network.state()).toEqual({ mode: "offline", since: at, by: "Anna" });
  await network.set("online", "Anna");
  expect(network.now()).toBe("online");
});

test("closes at once, also where that cannot be written", async () => {
  faults.fail("writeFile|open|rename", "ENOSPC");
  const closing = network.close("Anna");
  expect(network.now()).toBe("offline");
  await expect(closing).rejects.toMatchObject({ code: "disk_full" });
  expect(network.now()).toBe("offline");
  await expect(network.set("online", "Anna")).resolves.toBeUndefined(); // online is what is on disk
  expect(network.now()).toBe("online");
});

test("does not open when that cannot be written", async () => {
  await network.close("Anna");
  faults.fail("writeFile|open|rename", "EIO");
  await expect(network.set("online", "Anna")).rejects.toMatchObject({ code: "unavailable" });
  expect(network.now()).toBe("offline");
});
