import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { systemDisk } from "../../../lib/durable-file.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { until, useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import type { PushPayload, PushSender } from "./push-sender.ts";
import { createPushService } from "./push-service.ts";
import { type PushFile, pushFile } from "./push-store.ts";

const newFolder = useTemporaryFolders();
const secrets = {
  seal: (text: string) => Promise.resolve(text),
  open: (text: unknown) => Promise.resolve(String(text)),
};

test("a receipt that comes in time keeps the message from the next device, also while the disk is slow", async () => {
  let diskIsFree = Promise.resolve();
  const store = await openJsonStore<PushFile>({
    file: join(await newFolder(), "push.json"),
    ...pushFile,
    logger: silentLogger,
    disk: {
      ...systemDisk,
      async rename(from, to) {
        await diskIsFree;
        await systemDisk.rename(from, to);
      },
    },
  });
  const sent: { endpoint: string; payload: PushPayload }[] = [];
  const sender: PushSender = {
    makeKeys: () => Promise.resolve({ publicKey: "public", privateKey: "private" }),
    send({ endpoint }, payload) {
      sent.push({ endpoint, payload });
      return Promise.resolve({ kind: "accepted" });
    },
  };
  const push = createPushService({
    store,
    secrets,
    sender,
    clock: systemClock,
    logger: silentLogger,
    receiptWithinMs: 500,
  });
  for (const name of ["one", "two"])
    await push.subscribe(
      { endpoint: `https://push.example.com/${name}`, keys: { p256dh: "p".repeat(87), auth: "a".repeat(22) } },
      { name, events: ["crash"], showsDetails: false, quietHours: null },
    );
  const message = { event: "crash", title: "", body: "", discreet: "", url: "/", tag: "t", name: "n" } as const;
  const told = push.tell(message, () => true);
  await until(() => sent.length === 1);
  diskIsFree = sleep(1_000);
  await push.receipt(sent[0]?.payload.id ?? "", "shown");
  await told;
  expect(sent).toHaveLength(1);
  push.stop();
  await store.close();
});
