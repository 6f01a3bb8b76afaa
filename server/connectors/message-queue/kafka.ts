import { randomUUID } from "node:crypto";

import type { Consumer, EachBatchPayload, IHeaders, Kafka, KafkaMessage, SASLOptions } from "kafkajs";

import type { OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { createLateSocket } from "./late-socket.ts";
import { maxReadBytes } from "./limit-reading.ts";
import { foundPackage, kafkajs, strangePackage, type PackageFinder } from "./optional-package.ts";
import type { QueueConfig } from "./queue-config.ts";
import {
  bytesOf,
  contentOf,
  createBasket,
  headerText,
  timeOf,
  waitMsOf,
  type Basket,
  type Consumed,
  type Consuming,
  type Published,
  type Publishing,
  type TakenMessage,
} from "./queue-message.ts";

type Context = OperationContext<QueueConfig>;
type KafkaClass = typeof Kafka;

const retry = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 3 };
const longestMs = 30_000;

/** A client over our connections, and the first reason why one of them did not come about. */
interface Client {
  kafka: Kafka;
  /** What the guard or the network said, rather than what the library made of it. */
  reasonOf(error: unknown): unknown;
}

function openClient({ config, dial }: Context, packages: PackageFinder): Client {
  const library = packages.load(foundPackage(kafkajs, packages)) as { Kafka?: KafkaClass };
  if (typeof library.Kafka !== "function") throw strangePackage(kafkajs);
  let reason: GatewayError | null = null;
  const kafka = new library.Kafka({
    clientId: "portos",
    brokers: [...config.servers],
    ssl: config.isEncrypted,
    ...loginOf(config),
    connectionTimeout: longestMs,
    authenticationTimeout: longestMs,
    requestTimeout: longestMs,
    retry,
    logCreator: () => () => undefined, // what it would print may hold what was sent
    socketFactory({ host, port, onConnect }) {
      const open = dial({ host, port, tls: config.isEncrypted ? "implicit" : "none" });
      open.catch((error: unknown) => {
        if (error instanceof GatewayError) reason = error;
      });
      return createLateSocket(open, onConnect, maxReadBytes);
    },
  });
  return { kafka, reasonOf: (error) => reason ?? error };
}

function loginOf({ login, user = "", password = "" }: QueueConfig): { sasl?: SASLOptions } {
  return login === "none" ? {} : { sasl: { mechanism: login, username: user, password } };
}

/** Sends one message; resolves when every copy that has to be there is. */
export async function publishToKafka(wish: Publishing, context: Context, packages: PackageFinder): Promise<Published> {
  const { to, key, headers, contentType, partition } = wish;
  if (to === undefined)
    throw new GatewayError("invalid_params", "A topic (to) is needed", {
      hint: "Name where it goes.",
      issues: [{ path: "params.to", message: "is needed" }],
      isFinal: true,
    });
  const { kafka, reasonOf } = openClient(context, packages);
  const producer = kafka.producer({ allowAutoTopicCreation: false, retry });
  const messageId = context.idempotencyKey ?? randomUUID();
  const message = {
    key: key ?? null,
    value: bytesOf(wish),
    timestamp: String(Math.trunc(context.clock.now())),
    headers: {
      ...headers,
      "message-id": messageId,
      ...(contentType === undefined ? {} : { "content-type": contentType }),
    },
    ...(partition === undefined ? {} : { partition }),
  };
  try {
    await producer.connect();
    const [sent] = await producer.send({ topic: to, acks: -1, timeout: longestMs, messages: [message] });
    return { to, messageId, partition: sent?.partition ?? null, offset: sent?.baseOffset ?? null };
  } catch (error) {
    throw reasonOf(error);
  } finally {
    await producer.disconnect().catch(() => undefined); // the connections are closed anyway
  }
}

/** Takes messages of a topic as one of a group; what the group has taken is noted once they are handed on. */
export async function consumeFromKafka(wish: Consuming, context: Context, packages: PackageFinder): Promise<Consumed> {
  const { kafka, reasonOf } = openClient(context, packages);
  const consumer = kafka.consumer({
    groupId: context.config.group,
    allowAutoTopicCreation: false,
    maxBytes: 4 * wish.maxBytes,
    maxBytesPerPartition: wish.maxBytes,
    maxWaitTimeInMs: 500,
    retry: { ...retry, restartOnFailure: () => Promise.resolve(false) },
  });
  const stop = (): void => {
    consumer.disconnect().catch(() => undefined); // the connections are closed anyway
  };
  context.signal.addEventListener("abort", stop, { once: true });
  const basket = createBasket(wish);
  const offsets = new Map<number, bigint>();
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [wish.from], fromBeginning: wish.isFromStart });
    await fill(consumer, { wish, basket, offsets, context });
  } catch (error) {
    stop();
    throw reasonOf(error);
  }
  context.whenHandedOn(async () => {
    const read = [...offsets].map(([partition, last]) => ({
      topic: wish.from,
      partition,
      offset: String(last + 1n), // the next one to read
    }));
    if (read.length > 0) await consumer.commitOffsets(read);
    await consumer.disconnect();
  });
  return { from: wish.from, messages: [...basket.messages] };
}

interface Filling {
  wish: Consuming;
  basket: Basket;
  offsets: Map<number, bigint>;
  context: Context;
}

/** Resolves when the basket is full, or the time after joining the group is over. */
async function fill(consumer: Consumer, { wish, basket, offsets, context }: Filling): Promise<void> {
  const { signal, timeLeftMs } = context;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    const start = (): void => {
      timer ??= setTimeout(resolve, waitMsOf(wish, timeLeftMs()));
    };
    consumer.on(consumer.events.GROUP_JOIN, start);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error);
    });
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
    const eachBatch = ({ batch, resolveOffset }: EachBatchPayload): Promise<void> => {
      for (const message of batch.messages) {
        if (!basket.offer(toTaken(message, batch.partition), message.value?.length ?? 0)) break;
        offsets.set(batch.partition, BigInt(message.offset));
        resolveOffset(message.offset);
      }
      if (basket.isFull) {
        consumer.pause([{ topic: wish.from }]); // it stays in the group until all is handed on
        resolve();
      }
      return Promise.resolve();
    };
    consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch }).catch(reject);
  });
  try {
    await ended;
    consumer.pause([{ topic: wish.from }]);
  } finally {
    clearTimeout(timer);
  }
}

function toTaken({ key, value, headers = {}, timestamp, offset }: KafkaMessage, partition: number): TakenMessage {
  const texts = Object.entries(headers satisfies IHeaders).map(
    ([name, held]) => [name, headerText(held ?? "")] as const,
  );
  const all = Object.fromEntries(texts);
  return {
    id: all["message-id"] ?? null,
    key: key === null ? null : key.toString("utf8"),
    ...contentOf(value),
    contentType: all["content-type"] ?? null,
    headers: all,
    at: timeOf(Number(timestamp)),
    isAgain: null,
    partition,
    offset,
  };
}

/** Signs in and tells how many brokers there are. */
export async function lookAtKafka(context: Context, packages: PackageFinder): Promise<string> {
  const { kafka, reasonOf } = openClient(context, packages);
  const admin = kafka.admin({ retry });
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return `Kafka with ${brokers.length === 1 ? "1 broker" : `${brokers.length} brokers`}`;
  } catch (error) {
    throw reasonOf(error);
  } finally {
    await admin.disconnect().catch(() => undefined); // the connections are closed anyway
  }
}
