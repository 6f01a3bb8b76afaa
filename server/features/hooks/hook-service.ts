import { randomUUID } from "node:crypto";

import type { z } from "zod";

import type { Caller } from "../../../contract/features/history.ts";
import type { Hook, HookDelivery, HookInput, hooksFeed } from "../../../contract/features/hooks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import {
  checkHookSecret,
  isCurrent,
  newHookId,
  newHookSecret,
  toHook,
  type HookRecord,
  type HooksFile,
} from "./hook-record.ts";
import type { IncomingMessage, Judged, MessageJudge } from "./receive-message.ts";
import { signMessage } from "./signatures.ts";

export type HookEvent = z.output<typeof hooksFeed.server.event>["event"];

/** Webhooks in: what the user decides about them, and what comes in. */
export interface HookService {
  list(): Hook[];
  create(input: HookInput, secret: string | undefined): Promise<{ hook: Hook; secret: string | null }>;
  update(id: string, input: HookInput): Promise<Hook>;
  /** The former secret counts until the new one was used, at most for a day. */
  changeSecret(id: string, secret: string | undefined): Promise<{ hook: Hook; secret: string | null }>;
  remove(id: string): Promise<{ id: string; name: string }>;
  /** Takes a message, or throws why not. */
  receive(id: string, message: IncomingMessage): Promise<Judged>;
  /** A message signed as its sender would sign it, judged like any other. */
  test(id: string, test: { body: string; isHandedOn: boolean; caller: Caller }): Promise<HookDelivery>;
  /** Told of each message that was taken, once; its sender hears of it afterwards. */
  onAccepted(listener: (hook: Hook, delivery: HookDelivery) => Promise<void>): void;
  /** The newest message of a webhook, as it was before the start. */
  noteLast(delivery: HookDelivery): void;
}

export interface HookServiceOptions {
  store: JsonStore<HooksFile>;
  judge: MessageJudge;
  secrets: Pick<SecretBox, "seal" | "open" | "describe">;
  clock: Pick<Clock, "now">;
  publish: (event: HookEvent) => void;
}

const formerMs = 24 * 3_600_000;

/** Builds the service; see `HookService`. */
export function createHookService({ store, judge, secrets, clock, publish }: HookServiceOptions): HookService {
  const last = new Map<string, HookDelivery>();
  const listeners: ((hook: Hook, delivery: HookDelivery) => Promise<void>)[] = [];
  const view = (record: HookRecord): Hook => toHook(record, secrets, last.get(record.id) ?? null, clock.now());
  const now = (): string => new Date(clock.now()).toISOString();

  async function change(id: string, edit: (record: HookRecord) => HookRecord): Promise<Hook> {
    const changed = await store.update(({ hooks }) => {
      const next = edit(existing(hooks, id));
      return { next: { hooks: hooks.map((hook) => (hook.id === id ? next : hook)) }, result: next };
    });
    publish({ kind: "changed", hook: view(changed) });
    return view(changed);
  }

  async function take(record: HookRecord, message: IncomingMessage): Promise<Judged> {
    const judged = await judge.judge(record, message);
    const { delivery } = judged;
    if (judged.isListed) {
      last.set(record.id, delivery);
      publish({ kind: "delivery", delivery });
    }
    const isProved = judged.refusal === null;
    if (isProved && record.former !== null && !judged.usedFormerSecret && !message.isTest)
      await change(record.id, (hook) => ({ ...hook, former: null }));
    if (delivery.verdict === "accepted" && judged.challenge === null && message.isHandedOn)
      await Promise.all(listeners.map((listener) => listener(view(record), delivery)));
    return judged;
  }

  return {
    list: () => store.get().hooks.map(view),
    async create(input, given) {
      const plain = given ?? newHookSecret(input.kind);
      checkHookSecret(input.kind, plain);
      const sealed = await secrets.seal(plain);
      const record = { ...input, id: newHookId(), createdAt: now(), updatedAt: now(), secret: sealed, former: null };
      await store.update(({ hooks }) => ({ next: { hooks: [...hooks, record] }, result: null }));
      publish({ kind: "changed", hook: view(record) });
      return { hook: view(record), secret: given === undefined ? plain : null };
    },
    async update(id, input) {
      const { secret, kind } = existing(store.get().hooks, id);
      // A secret of another form would be refused later, at a time when nobody looks.
      if (input.kind !== kind && secret !== null) checkHookSecret(input.kind, await secrets.open(secret));
      return change(id, (record) => ({ ...record, ...input, updatedAt: now() }));
    },
    async changeSecret(id, given) {
      const { kind } = existing(store.get().hooks, id);
      const plain = given ?? newHookSecret(kind);
      checkHookSecret(kind, plain);
      const secret = await secrets.seal(plain);
      const until = new Date(clock.now() + formerMs).toISOString();
      const hook = await change(id, (record) => ({
        ...record,
        secret,
        former: { secret: record.secret, until },
        updatedAt: now(),
      }));
      return { hook, secret: given === undefined ? plain : null };
    },
    async remove(id) {
      const { name } = await store.update(({ hooks }) => ({
        next: { hooks: hooks.filter((hook) => hook.id !== id) },
        result: existing(hooks, id),
      }));
      last.delete(id);
      publish({ kind: "removed", id });
      return { id, name };
    },
    async receive(id, message) {
      const judged = await take(existing(store.get().hooks, id), message);
      if (judged.refusal !== null) throw judged.refusal;
      return judged;
    },
    async test(id, { body, isHandedOn, caller }) {
      const record = existing(store.get().hooks, id);
      if (record.secret === null) throw new AppError("conflict", `${record.name} has no secret`);
      const bytes = Buffer.from(body);
      const signed = { nowMs: clock.now(), id: `test-${randomUUID()}` };
      const headers = {
        "content-type": "application/json",
        "user-agent": "PortOS test",
        ...signMessage(bytes, record, await secrets.open(record.secret), signed),
      };
      const readBytes = (maxBytes: number): Promise<Buffer> =>
        bytes.length > maxBytes ? Promise.reject(new AppError("too_large", "Too large")) : Promise.resolve(bytes);
      const { delivery } = await take(record, { headers, caller, isTest: true, isHandedOn, readBytes });
      return delivery;
    },
    onAccepted: (listener) => {
      listeners.push(listener);
    },
    noteLast: (delivery) => {
      last.set(delivery.hookId, delivery);
    },
  };
}

function existing(hooks: readonly HookRecord[], id: string): HookRecord {
  const found = hooks.find((hook) => hook.id === id);
  if (!found) throw new AppError("not_found", "There is no such webhook");
  return found;
}

/** The former secret of each webhook in which it no longer counts is taken away. */
export function withoutOldSecrets({ hooks }: HooksFile, nowMs: number): HooksFile {
  return { hooks: hooks.map((hook) => (isCurrent(hook.former, nowMs) ? hook : { ...hook, former: null })) };
}
