import { join } from "node:path";

import { expect, it } from "vitest";

import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { automationRecordSchema, automationsFile, type AutomationsFile } from "./automation-record.ts";
import { createAutomationStore } from "./automation-store.ts";
import { everyMinute } from "./testing/service-rig.ts";

const folderOf = useTemporaryFolders();
const at = "2026-11-21T12:00:00.000Z";

async function openStore() {
  const file = join(await folderOf(), "automations.json");
  const store = await openJsonStore<AutomationsFile>({ ...automationsFile, file, logger: silentLogger });
  const automations = createAutomationStore(store);
  const add = () =>
    automations.add((id) =>
      automationRecordSchema.parse({
        ...everyMinute(),
        id,
        isEnabled: false,
        createdAt: at,
        updatedAt: at,
        scheduledFrom: at,
      }),
    );
  return { store, automations, add };
}

it("keeps both of two changes of one automation that share a write", async () => {
  const { store, automations, add } = await openStore();
  const { id } = await add();
  await Promise.all([
    automations.change(id, (current) => ({ ...current, name: "renamed" })),
    automations.change(id, (current) => ({ ...current, isEnabled: true })),
  ]);
  expect(automations.get(id)).toMatchObject({ name: "renamed", isEnabled: true });
  await store.close();
});

it("removes an automation once, and never another one in its place", async () => {
  const { store, automations, add } = await openStore();
  const [first, second] = [await add(), await add()];
  const results = await Promise.allSettled([automations.remove(first.id, 0), automations.remove(first.id, 0)]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(automations.all().map(({ id }) => id)).toEqual([second.id]);
  await store.close();
});
