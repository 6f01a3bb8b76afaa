import { z } from "zod";

const name = z.string().regex(/^[^\p{Cc}\s]{1,249}$/u, "must be one word of at most 249 characters");
const header = z.string().max(8_000, "must have at most 8000 characters");

/** A message that goes out. */
export const publishInput = z
  .strictObject({
    to: name.optional().describe("Kafka: the topic. RabbitMQ: the queue, unless an exchange is given"),
    text: z.string().max(8_000_000).optional().describe("What is sent, as text"),
    base64: z
      .base64()
      .max(11_000_000)
      .optional()
      .meta({ title: "File", description: "What is sent, as a file in base64; instead of text" }),
    key: z
      .string()
      .max(255)
      .optional()
      .describe("Kafka: messages with the same key keep their order. RabbitMQ: the routing key for the exchange"),
    exchange: name.optional().describe("RabbitMQ: the exchange that shares it out"),
    headers: z.record(z.string().min(1).max(200), header).default({}).describe("Names and values that travel with it"),
    contentType: header.max(200).optional().describe("Such as application/json"),
    partition: z.int().min(0).max(100_000).optional().describe("Kafka: this one instead of the one the key leads to"),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    message: "or a file is needed, and not both",
    path: ["text"],
  });
export type Publishing = z.output<typeof publishInput>;

export const publishOutput = z.strictObject({
  to: z.string(),
  messageId: z.string().describe("The same at each try of a delivery: readers know a message by it that comes twice"),
  partition: z.int().nullable(),
  offset: z.string().nullable().describe("Where it stands in its partition"),
});
export type Published = z.input<typeof publishOutput>;

export const consumeInput = z.strictObject({
  from: name.describe("Kafka: the topic. RabbitMQ: the queue"),
  maxMessages: z.int().min(1).max(500).default(10).describe("Comes back as soon as so many are there"),
  waitSeconds: z
    .int()
    .min(1)
    .max(300)
    .default(5)
    .describe("Comes back after so long with what is there then; earlier when the call has less time"),
  maxBytes: z.int().min(1_000).max(8_000_000).default(1_000_000).describe("Of all messages; at least one is given"),
  isFromStart: z
    .boolean()
    .default(false)
    .describe("Kafka: a group that has never read the topic begins at its first message, not at the next new one"),
});
export type Consuming = z.output<typeof consumeInput>;

const taken = z.strictObject({
  id: z.string().nullable(),
  key: z.string().nullable(),
  text: z.string().nullable(),
  base64: z.base64().nullable().describe("Instead of text, where it is none"),
  contentType: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  at: z.string().nullable(),
  isAgain: z.boolean().nullable().describe("RabbitMQ: it was handed to somebody before"),
  partition: z.int().nullable(),
  offset: z.string().nullable(),
});
export type TakenMessage = z.input<typeof taken>;
export const consumeOutput = z.strictObject({ messages: z.array(taken), from: z.string() });
export type Consumed = z.input<typeof consumeOutput>;

/** Of the time of a call, so that what came can still be handed on. */
const handingOnMs = 3_000;

/** How long messages are waited for: as long as is wanted, within the time the call has. */
export function waitMsOf({ waitSeconds }: Pick<Consuming, "waitSeconds">, timeLeftMs: number): number {
  return Math.min(waitSeconds * 1_000, Math.max(timeLeftMs - handingOnMs, timeLeftMs / 2));
}

/** What is sent, as bytes. */
export function bytesOf({ text, base64 = "" }: Publishing): Buffer {
  return text === undefined ? Buffer.from(base64, "base64") : Buffer.from(text);
}

/** What came, as text where it is some. */
export function contentOf(bytes: Buffer | null): Pick<TakenMessage, "text" | "base64"> {
  if (bytes === null) return { text: null, base64: null };
  const text = bytes.toString("utf8");
  const isText = !text.includes("\0") && Buffer.from(text).equals(bytes);
  return isText ? { text, base64: null } : { text: null, base64: bytes.toString("base64") };
}

/** A value of a header as text. */
export function headerText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A time in milliseconds; `null` for what is none. */
export function timeOf(ms: number): string | null {
  return Number.isFinite(ms) && ms > 0 && ms < 8.64e15 ? new Date(ms).toISOString() : null;
}

/** Takes messages until so many, or so many bytes, are there. */
export interface Basket {
  readonly messages: TakenMessage[];
  readonly isFull: boolean;
  /** `false` for one that does not fit any more. */
  offer(message: TakenMessage, bytes: number): boolean;
}

export function createBasket({ maxMessages, maxBytes }: Pick<Consuming, "maxMessages" | "maxBytes">): Basket {
  const messages: TakenMessage[] = [];
  let size = 0;
  let isFull = false;
  return {
    messages,
    get isFull() {
      return isFull;
    },
    offer(message, bytes) {
      const fits = !isFull && (messages.length === 0 || size + bytes <= maxBytes);
      if (fits) {
        messages.push(message);
        size += bytes;
      }
      isFull ||= !fits || messages.length >= maxMessages || size >= maxBytes;
      return fits;
    },
  };
}
