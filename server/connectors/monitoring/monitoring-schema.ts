import { z } from "zod";

import type { OperationContext } from "../framework/define-connector.ts";
import type { MonitoringConfig } from "./monitoring-config.ts";

export type MonitoringContext = OperationContext<MonitoringConfig>;

export const queryInput = z.strictObject({
  query: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(10_000, "must have at most 10000 characters")
    .describe("PromQL, a metrics query of Datadog, or NRQL with its own SINCE"),
  minutes: z.int().min(1).max(44_640).default(60).describe("How far back; NRQL says it itself"),
  until: z.iso.datetime({ offset: true }).optional().describe("Where that ends; now when left out"),
  isNow: z.boolean().default(false).describe("Prometheus: only the value at the end, not a curve"),
  stepSeconds: z.int().min(1).max(86_400).optional().describe("Prometheus: between two points; chosen when left out"),
  maxSeries: z.int().min(1).max(500).default(50).describe("More are left out"),
});
export type QueryWish = z.output<typeof queryInput>;

const point = z.strictObject({ at: z.string(), value: z.number().nullable() });
const series = z.strictObject({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  unit: z.string().nullable(),
  points: z.array(point),
});
export type Series = z.input<typeof series>;
export const queryOutput = z.strictObject({
  series: z.array(series).describe("Curves, of Prometheus and Datadog"),
  rows: z.array(z.record(z.string(), z.unknown())).describe("Rows, of New Relic"),
  isCut: z.boolean().describe("There were more"),
  warnings: z.array(z.string()),
});
export type QueryResult = z.input<typeof queryOutput>;

const states = ["ok", "warning", "alerting", "no-data", "off", "unknown"] as const;
export type MonitorState = (typeof states)[number];
export const listInput = z.strictObject({
  text: z.string().trim().max(200).default("").describe("Only those with this in their name"),
  state: z
    .enum(["any", ...states])
    .default("any")
    .describe("Only those in this state, of the page that is asked for"),
  limit: z.int().min(1).max(200).default(50).describe("Most of one page; New Relic chooses itself"),
  cursor: z.string().max(4_000).optional().describe("The next page: next of the page before"),
});
export type ListWish = z.output<typeof listInput>;
const monitor = z.strictObject({
  id: z.string(),
  name: z.string(),
  state: z.enum(states).describe("New Relic does not tell more than whether it is off"),
  kind: z.string().nullable(),
  query: z.string().nullable(),
  tags: z.array(z.string()),
  since: z.string().nullable(),
});
export type Monitor = z.input<typeof monitor>;
export const listOutput = z.strictObject({
  monitors: z.array(monitor),
  next: z.string().nullable().describe("Cursor of the next page; null on the last one"),
});
export type MonitorPage = z.input<typeof listOutput>;

export const submitInput = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_:][\w.:/-]{0,199}$/, "must begin with a letter, and have letters, digits, dots and underscores")
    .describe("Such as builds.duration; for Prometheus letters, digits and underscores"),
  value: z.number(),
  type: z.enum(["gauge", "count"]).default("gauge").describe("gauge: how it is now. count: how many since last time"),
  at: z.iso.datetime({ offset: true }).optional().describe("Now when left out; a Pushgateway takes none"),
  intervalSeconds: z.int().min(1).max(86_400).default(60).describe("Over how long a count was made"),
  tags: z
    .record(
      z.string().regex(/^[A-Za-z_][\w.-]{0,99}$/, "must begin with a letter, and have letters, digits and underscores"),
      z.string().max(200, "must have at most 200 characters"),
    )
    .default({})
    .describe("Names and values by which it is told apart, such as host: build-1"),
  unit: z
    .string()
    .regex(/^[\w/%]{1,40}$/, "must be one word")
    .optional()
    .describe("Such as second or byte, as the system names it"),
  job: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/, "must be letters, digits, dots, hyphens and underscores")
    .default("portos")
    .describe("Pushgateway: the group it is kept in"),
});
export type Submission = z.output<typeof submitInput>;
export const submitOutput = z.strictObject({
  isAccepted: z.literal(true),
  at: z.string().nullable(),
  requestId: z.string().nullable(),
});
export type Submitted = z.input<typeof submitOutput>;

/** One system that watches. */
export interface MonitoringSystem {
  title: string;
  query(wish: QueryWish, context: MonitoringContext): Promise<QueryResult>;
  list(wish: ListWish, context: MonitoringContext): Promise<MonitorPage>;
  submit(wish: Submission, context: MonitoringContext): Promise<Submitted>;
  /** One sentence about who answers. */
  look(context: MonitoringContext): Promise<string>;
}

/** The span a query is about, in seconds since 1970. */
export function spanOf({ minutes, until }: QueryWish, { clock }: Pick<MonitoringContext, "clock">) {
  const to = Math.floor((until === undefined ? clock.now() : Date.parse(until)) / 1_000);
  return { from: to - minutes * 60, to };
}

/** A time in seconds as text. */
export function timeOf(seconds: number): string {
  return new Date(Math.round(seconds * 1_000)).toISOString();
}
