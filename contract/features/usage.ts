import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { appIdSchema } from "./apps.ts";
import { failureKindSchema, providerIdSchema } from "./providers.ts";
import { usageSchema } from "./run-events.ts";
import { runIdSchema, runSchema } from "./runs.ts";

/** A day of the machine's own calendar. */
export const daySchema = z.iso.date("must be a day like 2026-05-01");

/** One ended attempt of a run. */
export const usageRowSchema = z.strictObject({
  /** "<run>:<attempt>": a row that is told twice counts once. */
  id: z.string().max(80),
  at: z.iso.datetime(),
  /** The day on which it ended, by the machine's own clock. */
  day: daySchema,
  runId: runIdSchema,
  providerId: providerIdSchema,
  providerName: z.string(),
  model: z.string().nullable(),
  source: runSchema.shape.source.shape.kind,
  appId: appIdSchema.nullable(),
  /** Kind of work; rows written before there were kinds have none. */
  taskType: z.string().nullable().default(null),
  failure: failureKindSchema.nullable(),
  usage: usageSchema,
});
export type UsageRow = z.output<typeof usageRowSchema>;

/** What a number of attempts used together. */
export const usageSumSchema = z.strictObject({
  attempts: z.int().min(0),
  failures: z.int().min(0),
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  cachedInputTokens: z.int().min(0),
  /** US dollars, as far as prices are known. */
  costUsd: z.number().min(0),
  /** Attempts that used tokens whose price is not known. */
  unpriced: z.int().min(0),
});
export type UsageSum = z.output<typeof usageSumSchema>;

const group = z.strictObject({ key: z.string(), name: z.string(), sum: usageSumSchema });
export type UsageGroup = z.output<typeof group>;

/** Totals of a range of days; each list has the largest first, days in order and without gaps. */
export const usageTotalsSchema = z.strictObject({
  from: daySchema,
  to: daySchema,
  today: daySchema,
  total: usageSumSchema,
  days: z.array(z.strictObject({ day: daySchema, sum: usageSumSchema })),
  providers: z.array(group),
  models: z.array(group),
  sources: z.array(group),
  apps: z.array(group),
  taskTypes: z.array(group),
});
export type UsageTotals = z.output<typeof usageTotalsSchema>;

/** What all runs of one day may use together; `null` is no limit. */
export const dailyBudgetSchema = z.strictObject({
  costUsd: z.number().positive("must be more than 0").max(100_000, "must be at most 100000").nullable().default(null),
  tokens: z
    .int("must be a whole number")
    .positive("must be more than 0")
    .max(1_000_000_000_000, "must be at most 1000000000000")
    .nullable()
    .default(null),
});
export type DailyBudget = z.output<typeof dailyBudgetSchema>;

const budgetState = z.strictObject({
  budget: dailyBudgetSchema,
  day: daySchema,
  used: usageSumSchema,
  /** One sentence when no further run may start today, else `null`. */
  exceeded: z.string().nullable(),
});
export type BudgetState = z.output<typeof budgetState>;

export const usageEndpoints = defineEndpoints({
  totals: {
    method: "GET",
    path: "/api/usage",
    summary: "Show tokens and cost by day, provider, model, source, app and kind of work",
    query: z
      .strictObject({ from: daySchema.optional(), to: daySchema.optional() })
      .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
        error: "must not be after the last day",
        path: ["from"],
      }),
    reply: usageTotalsSchema,
    audit: "none",
  },
  budget: {
    method: "GET",
    path: "/api/usage/budget",
    summary: "Show the daily budget and what is left of it",
    reply: budgetState,
    audit: "none",
  },
  setBudget: {
    method: "PUT",
    path: "/api/usage/budget",
    summary: "Change the daily budget",
    body: dailyBudgetSchema,
    reply: budgetState,
    audit: "write",
    stepUp: "allow",
  },
});
