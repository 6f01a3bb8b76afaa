import { expect, test } from "vitest";

import { silentLogger } from "../lib/logger.ts";
import { until, useTemporaryFolders } from "../lib/testing/temporary-folder.ts";
import type { Outbox } from "./connectors/framework/outbox/outbox.ts";
import { failed, message, openScene, quick } from "./connectors/framework/outbox/testing/outbox-scene.ts";
import { tellDeadLetters } from "./outside-events.ts";

const newFolder = useTemporaryFolders();

test("each delivery that was given up is told once, and nobody walks through all of them for it", async () => {
  const { outbox, close } = await openScene(await newFolder(), { policy: { ...quick, parallel: 50 } });
  const told: { data: object; about: unknown }[] = [];
  let listed = 0;
  const counted: Outbox = {
    ...outbox,
    list: (query) => {
      listed += 1;
      return outbox.list(query);
    },
  };
  const stop = tellDeadLetters({
    outbox: counted,
    events: {
      tell: (_name, data, about) => {
        told.push({ data, about });
        return Promise.resolve();
      },
    },
    automations: { causesOf: (id) => [`cause of ${id}`] },
    logger: silentLogger,
  });
  for (let number = 0; number < 150; number += 1) await outbox.accept(message(`m${number}`));
  outbox.start({ deliver: () => Promise.resolve(failed("not_configured", true)) });
  await until(() => Promise.resolve(told.length === 150));
  expect(listed).toBe(0);
  expect(told[0]).toMatchObject({
    data: { connectorId: "slack", operation: "send-message", caller: "Nightly", code: "not_configured" },
    about: { causes: ["cause of a1"] },
  });
  expect(new Set(told.map(({ data }) => (data as { deliveryId: string }).deliveryId)).size).toBe(150);
  stop();
  await close();
});
