import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";

import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, Message, Options } from "amqplib";

import type { OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { limitReading, maxReadBytes } from "./limit-reading.ts";
import { amqplib, foundPackage, strangePackage, type PackageFinder } from "./optional-package.ts";
import { serverOf, type QueueConfig } from "./queue-config.ts";
import {
  bytesOf,
  contentOf,
  createBasket,
  headerText,
  timeOf,
  waitMsOf,
  type Consumed,
  type Consuming,
  type Published,
  type Publishing,
  type TakenMessage,
} from "./queue-message.ts";

type Context = OperationContext<QueueConfig>;

/** What of the package is used. Its public `connect` opens connections by itself; what it is made of takes any stream. */
interface Library {
  Connection: new (stream: Duplex) => {
    open(fields: Record<string, unknown>, done: (error: Error | null) => void): void;
  };
  ChannelModel: new (connection: unknown) => ChannelModel;
  plain(user: string, password: string): { mechanism: string; response(): Buffer };
}

const saidWithinMs = 100;
const maxFrameBytes = 16 * 1024 * 1024;

function loadLibrary(packages: PackageFinder): Library {
  const main = foundPackage(amqplib, packages);
  const part = (name: string): object => toObject(packages.load(join(dirname(main), "lib", name)));
  try {
    const all = {
      ...part("connection.js"),
      ...part("channel_model.js"),
      ...part("credentials.js"),
    } as Partial<Library>;
    const { Connection, ChannelModel: Model, plain } = all;
    if (Connection !== undefined && Model !== undefined && plain !== undefined)
      return { Connection, ChannelModel: Model, plain };
  } catch (error) {
    throw Object.assign(strangePackage(amqplib), { cause: error });
  }
  throw strangePackage(amqplib);
}

function toObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** Connects to the first server that answers. */
async function openModel(context: Context, packages: PackageFinder): Promise<ChannelModel> {
  const { Connection, ChannelModel: Model, plain } = loadLibrary(packages);
  const { user = "", password = "", virtualHost } = context.config;
  const stream = limitReading(await dialFirst(context), maxReadBytes);
  const { mechanism, response } = plain(user, password);
  const connection = new Connection(stream);
  await new Promise<void>((resolve, reject) => {
    const fields = {
      clientProperties: { product: "PortOS", capabilities },
      mechanism,
      response: response(),
      locale: "en_US",
      channelMax: 0,
      frameMax: 131_072,
      heartbeat: 0, // a call is short, and its time is limited anyway
      maxFrameSize: maxFrameBytes,
      virtualHost,
      capabilities: "",
      insist: 0,
    };
    connection.open(fields, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  const model = new Model(connection);
  model.on("error", () => undefined); // whoever waits for something is told
  return model;
}

const capabilities = {
  publisher_confirms: true,
  "basic.nack": true,
  consumer_cancel_notify: true,
  authentication_failure_close: true,
};

async function dialFirst({ config, dial, note }: Context) {
  const { servers, isEncrypted } = config;
  const tls = isEncrypted ? "implicit" : "none";
  for (const [index, text] of servers.entries()) {
    const target = serverOf(text);
    if (target === null) continue;
    try {
      return await dial({ ...target, tls });
    } catch (error) {
      if (index === servers.length - 1) throw error;
      note("next", `${text} does not answer; the next server is tried`);
    }
  }
  throw new GatewayError("not_configured", "No server is configured", { hint: "Name one.", isFinal: true });
}

/** Rejects with what the broker says when it closes a channel. */
function broken(channel: Channel): Promise<never> {
  const ended = new Promise<never>((_resolve, reject) => {
    channel.once("error", reject);
    channel.once("close", () => {
      reject(new Error("the connection was closed"));
    });
  });
  ended.catch(() => undefined); // it may end when nobody waits
  return ended;
}

/** Sends one message; resolves when the broker has it. */
export async function publishToRabbit(wish: Publishing, context: Context, packages: PackageFinder): Promise<Published> {
  const { exchange = "", to, key, contentType, headers } = wish;
  const routingKey = exchange === "" ? to : (key ?? to ?? "");
  if (routingKey === undefined) throw missingPlace();
  const model = await openModel(context, packages);
  const channel: ConfirmChannel = await model.createConfirmChannel();
  const failed = broken(channel);
  const messageId = context.idempotencyKey ?? randomUUID();
  const returned: Message[] = [];
  channel.once("return", (message) => void returned.push(message));
  const options: Options.Publish = {
    mandatory: true, // what no queue takes comes back instead of being lost
    persistent: true,
    messageId,
    headers,
    timestamp: Math.floor(context.clock.now() / 1_000),
    ...(contentType === undefined ? {} : { contentType }),
  };
  const confirmed = new Promise<void>((resolve, reject) => {
    channel.publish(exchange, routingKey, bytesOf(wish), options, (error: unknown) => {
      if (error == null) resolve();
      else reject(error instanceof Error ? error : new Error("the broker did not take it"));
    });
  });
  await confirmed.catch(async (error: unknown) => {
    await Promise.race([failed, pause(saidWithinMs, context.signal)]); // the broker's own words say more
    throw error;
  });
  if (returned.length > 0) throw unroutable(exchange, routingKey);
  await model.close();
  return { to: exchange === "" ? routingKey : exchange, messageId, partition: null, offset: null };
}

function missingPlace(): GatewayError {
  return new GatewayError("invalid_params", "A queue (to), or an exchange, is needed", {
    hint: "Name where it goes.",
    issues: [{ path: "params.to", message: "is needed without an exchange" }],
    isFinal: true,
  });
}

function unroutable(exchange: string, routingKey: string): GatewayError {
  const where = exchange === "" ? `There is no queue ${routingKey}` : `No queue takes ${routingKey} of ${exchange}`;
  return new GatewayError("upstream_failed", `${where}: the broker gave the message back`, {
    hint: "Check the name, or bind a queue.",
    isFinal: true,
  });
}

/** Takes messages; they are acknowledged once they are handed on, and go back to the queue otherwise. */
export async function consumeFromRabbit(wish: Consuming, context: Context, packages: PackageFinder): Promise<Consumed> {
  const model = await openModel(context, packages);
  const channel = await model.createChannel();
  const failed = broken(channel);
  const basket = createBasket(wish);
  const taken: ConsumeMessage[] = [];
  await channel.prefetch(wish.maxMessages);
  const isEnough = new Promise<void>((resolve) => {
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null)
        resolve(); // the queue was deleted
      else if (basket.offer(toTaken(message), message.content.length)) taken.push(message);
      if (basket.isFull) resolve();
    };
    channel.consume(wish.from, onMessage, { noAck: false }).catch(() => undefined); // `failed` tells
  });
  await Promise.race([isEnough, pause(waitMsOf(wish, context.timeLeftMs()), context.signal), failed]);
  context.whenHandedOn(async () => {
    for (const message of taken) channel.ack(message);
    await Promise.race([channel.close(), failed]); // answered after what was sent before
    await model.close();
  });
  return { from: wish.from, messages: [...basket.messages] };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
    });
  });
}

function toTaken({ content, fields, properties }: ConsumeMessage): TakenMessage {
  const { messageId, contentType, headers, timestamp } = { ...properties } as Readonly<Record<string, unknown>>;
  return {
    id: typeof messageId === "string" ? messageId : null,
    key: fields.routingKey,
    ...contentOf(content),
    contentType: typeof contentType === "string" ? contentType : null,
    headers: Object.fromEntries(Object.entries(toObject(headers)).map(([name, value]) => [name, headerText(value)])),
    at: typeof timestamp === "number" ? timeOf(timestamp * 1_000) : null,
    isAgain: fields.redelivered,
    partition: null,
    offset: null,
  };
}

/** Signs in and tells who answers. */
export async function lookAtRabbit(context: Context, packages: PackageFinder): Promise<string> {
  const model = await openModel(context, packages);
  const properties = toObject(model.connection.serverProperties) as Record<string, unknown>;
  const words = [properties["product"], properties["version"]].map((word) =>
    word === undefined ? "" : headerText(word),
  );
  await model.close();
  return words.join(" ").trim() || "The broker";
}
