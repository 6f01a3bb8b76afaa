import { z } from "zod";

import { ask, refused } from "./ask-system.ts";
import { addressesOf, type MonitoringConfig } from "./monitoring-config.ts";
import {
  spanOf,
  timeOf,
  type ListWish,
  type Monitor,
  type MonitoringContext,
  type MonitoringSystem,
  type MonitorPage,
  type MonitorState,
  type QueryResult,
  type QueryWish,
  type Series,
  type Submission,
} from "./monitoring-schema.ts";

const title = "Datadog";
const unit = z.object({ short_name: z.string().nullish(), name: z.string().nullish() });
const series = z.object({
  metric: z.string().default(""),
  display_name: z.string().nullish(),
  expression: z.string().nullish(),
  tag_set: z.array(z.string()).nullish(),
  unit: z.array(unit.nullable()).nullish(),
  pointlist: z.array(z.tuple([z.number(), z.number().nullable()])).default([]),
});
const queryReply = z.object({
  status: z.string().optional(),
  error: z.string().nullish(),
  message: z.string().nullish(),
  series: z.array(series).default([]),
});
const monitors = z.array(
  z.object({
    id: z.number(),
    name: z.string().default(""),
    type: z.string().nullish(),
    query: z.string().nullish(),
    tags: z.array(z.string()).nullish(),
    overall_state: z.string().nullish(),
    overall_state_modified: z.string().nullish(),
  }),
);
const submitReply = z.object({ errors: z.array(z.string()).default([]) });

/**
 * Datadog over its HTTP API: https://docs.datadoghq.com/api/latest/metrics/query-timeseries-points/ (v1),
 * https://docs.datadoghq.com/api/latest/monitors/get-all-monitors/ (v1),
 * https://docs.datadoghq.com/api/latest/metrics/submit-metrics/ (v2). `overall_state_modified` is in replies, but not on that page:
 * it is taken where it is given.
 */
export const datadog: MonitoringSystem = {
  title,
  query: queryDatadog,
  list: listMonitors,
  submit: submitSeries,
  async look(context) {
    const url = `${addressesOf(context.config).read}/api/v1/validate`;
    const { valid } = await ask(
      title,
      z.object({ valid: z.boolean() }),
      { url, headers: keys(context.config) },
      context,
    );
    if (!valid) throw refused(title, ["the API key is not valid"]);
    return "Datadog accepts the API key.";
  },
};

function keys({ apiKey = "", applicationKey = "" }: MonitoringConfig): Record<string, string> {
  return { "DD-API-KEY": apiKey, "DD-APPLICATION-KEY": applicationKey };
}

async function queryDatadog(wish: QueryWish, context: MonitoringContext): Promise<QueryResult> {
  const { from, to } = spanOf(wish, context);
  const reply = await ask(
    title,
    queryReply,
    {
      url: `${addressesOf(context.config).read}/api/v1/query`,
      query: { from, to, query: wish.query },
      headers: keys(context.config),
    },
    context,
  );
  if (reply.status === "error" || (reply.error ?? "") !== "")
    throw refused(title, [reply.error ?? reply.message ?? ""]);
  return {
    series: reply.series.slice(0, wish.maxSeries).map(toSeries),
    rows: [],
    isCut: reply.series.length > wish.maxSeries,
    warnings: [],
  };
}

function toSeries({
  metric,
  display_name,
  expression,
  tag_set,
  unit: units,
  pointlist,
}: z.output<typeof series>): Series {
  const name = display_name ?? metric;
  const first = units?.[0];
  return {
    name: name === "" ? (expression ?? "") : name,
    labels: Object.fromEntries((tag_set ?? []).map(toLabel)),
    unit: first?.short_name ?? first?.name ?? null,
    points: pointlist.map(([ms, value]) => ({ at: timeOf(ms / 1_000), value })),
  };
}

/** "host:build-1"; one without a value is its own name. */
function toLabel(tag: string): [string, string] {
  const at = tag.indexOf(":");
  return at < 0 ? [tag, ""] : [tag.slice(0, at), tag.slice(at + 1)];
}

const stateOf: Readonly<Record<string, MonitorState>> = {
  OK: "ok",
  Alert: "alerting",
  Warn: "warning",
  "No Data": "no-data",
  Ignored: "off",
  Skipped: "off",
};

async function listMonitors(
  { text, state, limit, cursor }: ListWish,
  context: MonitoringContext,
): Promise<MonitorPage> {
  const page = Number.parseInt(cursor ?? "0", 10) || 0;
  const found = await ask(
    title,
    monitors,
    {
      url: `${addressesOf(context.config).read}/api/v1/monitor`,
      query: { page, page_size: limit, name: text === "" ? undefined : text },
      headers: keys(context.config),
    },
    context,
  );
  return {
    monitors: found.map(toMonitor).filter((one) => state === "any" || one.state === state),
    next: found.length < limit ? null : String(page + 1),
  };
}

function toMonitor(one: z.output<typeof monitors>[number]): Monitor {
  const at = Date.parse(one.overall_state_modified ?? "");
  return {
    id: String(one.id),
    name: one.name,
    state: stateOf[one.overall_state ?? ""] ?? "unknown",
    kind: one.type ?? null,
    query: one.query ?? null,
    tags: one.tags ?? [],
    since: Number.isNaN(at) ? null : new Date(at).toISOString(),
  };
}

/** Of MetricIntakeType. */
const typeNumbers = { count: 1, gauge: 3 } as const;

async function submitSeries(wish: Submission, context: MonitoringContext) {
  const { name, value, type, tags, unit: named, intervalSeconds } = wish;
  const atMs = wish.at === undefined ? context.clock.now() : Date.parse(wish.at);
  const { host, ...others } = tags;
  const one = {
    metric: name,
    type: typeNumbers[type],
    points: [{ timestamp: Math.floor(atMs / 1_000), value }],
    tags: Object.entries(others).map(([tag, held]) => (held === "" ? tag : `${tag}:${held}`)),
    ...(host === undefined ? {} : { resources: [{ name: host, type: "host" }] }),
    ...(named === undefined ? {} : { unit: named }),
    ...(type === "count" ? { interval: intervalSeconds } : {}),
  };
  const { errors } = await ask(
    title,
    submitReply,
    {
      url: `${addressesOf(context.config).send ?? ""}/api/v2/series`,
      method: "POST",
      headers: { "DD-API-KEY": context.config.apiKey ?? "" },
      body: { series: [one] },
      isIdempotent: type === "gauge", // a count might be counted twice
    },
    context,
  );
  if (errors.length > 0) throw refused(title, errors);
  return { isAccepted: true as const, at: new Date(atMs).toISOString(), requestId: null };
}
