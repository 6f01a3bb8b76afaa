import { z } from "zod";

import { GatewayError } from "../framework/gateway-error.ts";
import { ask } from "./ask-system.ts";
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

const title = "Prometheus";
const labels = z.record(z.string(), z.string());
const sample = z.tuple([z.number(), z.string()]);
/** Native histograms (`histograms`) are no numbers, and left out. */
const vector = z.array(z.object({ metric: labels, value: sample.optional(), values: z.array(sample).optional() }));
const envelope = <Data extends z.ZodType>(data: Data) =>
  z.object({
    status: z.literal("success"),
    data,
    warnings: z.array(z.string()).default([]),
    infos: z.array(z.string()).default([]),
  });
const queryReply = envelope(
  z.discriminatedUnion("resultType", [
    z.object({ resultType: z.literal("matrix"), result: vector }),
    z.object({ resultType: z.literal("vector"), result: vector }),
    z.object({ resultType: z.literal("scalar"), result: sample }),
    z.object({ resultType: z.literal("string"), result: sample }),
  ]),
);
const rule = z.object({
  name: z.string(),
  query: z.string(),
  state: z.string().optional(),
  type: z.string(),
  labels: labels.default({}),
  alerts: z.array(z.object({ activeAt: z.string().optional() })).default([]),
});
const rulesReply = envelope(
  z.object({ groups: z.array(z.object({ name: z.string(), file: z.string().default(""), rules: z.array(rule) })) }),
);
const buildReply = envelope(z.object({ version: z.string() }));

/** The HTTP API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/), and a Pushgateway beside it. */
export const prometheus: MonitoringSystem = {
  title,
  query: queryPrometheus,
  list: listRules,
  submit: pushMetric,
  async look(context) {
    const { data } = await ask(
      title,
      buildReply,
      { url: `${read(context)}/api/v1/status/buildinfo`, headers: login(context.config) },
      context,
    );
    return `Prometheus ${data.version} answers.`;
  },
};

function read({ config }: MonitoringContext): string {
  return addressesOf(config).read;
}

function login({ user, password, token }: MonitoringConfig): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (user === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password ?? ""}`).toString("base64")}` };
}

/** So many points that a curve can be drawn, and no more than the server takes (11 000). */
const usualPoints = 120;

async function queryPrometheus(wish: QueryWish, context: MonitoringContext): Promise<QueryResult> {
  const { from, to } = spanOf(wish, context);
  const step = wish.stepSeconds ?? Math.max(15, Math.ceil((to - from) / usualPoints));
  const [path, query] = wish.isNow
    ? ["query", { query: wish.query, time: to }]
    : ["query_range", { query: wish.query, start: from, end: to, step }];
  const form = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const { data, warnings, infos } = await ask(
    title,
    queryReply,
    {
      url: `${read(context)}/api/v1/${path}`,
      method: "POST", // a query may be longer than an address
      headers: { ...login(context.config), "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
      isIdempotent: true,
    },
    context,
  );
  const notes = [...warnings, ...infos];
  if (data.resultType === "string")
    return { series: [], rows: [{ value: data.result[1] }], isCut: false, warnings: notes };
  const all = data.resultType === "scalar" ? [single(data.result)] : data.result.map(toSeries);
  return {
    series: all.slice(0, wish.maxSeries),
    rows: [],
    isCut: all.length > wish.maxSeries,
    warnings: notes,
  };
}

function toSeries({ metric, value, values }: z.output<typeof vector>[number]): Series {
  const { __name__: name = "", ...rest } = metric;
  const samples = values ?? (value === undefined ? [] : [value]);
  return { name, labels: rest, unit: null, points: samples.map(toPoint) };
}

function single(result: z.output<typeof sample>): Series {
  return { name: "", labels: {}, unit: null, points: [toPoint(result)] };
}

/** NaN and infinities are no numbers of JSON. */
function toPoint([at, text]: z.output<typeof sample>) {
  const value = Number(text);
  return { at: timeOf(at), value: Number.isFinite(value) ? value : null };
}

const stateOf: Readonly<Record<string, MonitorState>> = { firing: "alerting", pending: "warning", inactive: "ok" };

async function listRules({ text, state, limit, cursor }: ListWish, context: MonitoringContext): Promise<MonitorPage> {
  const { data } = await ask(
    title,
    rulesReply,
    { url: `${read(context)}/api/v1/rules`, query: { type: "alert" }, headers: login(context.config) },
    context,
  );
  const all = data.groups.flatMap((group) =>
    group.rules.filter(({ type }) => type === "alerting").map((one) => toMonitor(group, one)),
  );
  const found = all.filter(
    (one) => one.name.toLowerCase().includes(text.toLowerCase()) && (state === "any" || one.state === state),
  );
  // All of them come at once: the cursor is a place in the list.
  const start = Number.parseInt(cursor ?? "0", 10) || 0;
  const end = start + limit;
  return { monitors: found.slice(start, end), next: end < found.length ? String(end) : null };
}

function toMonitor(group: { name: string; file: string }, one: z.output<typeof rule>): Monitor {
  const since = one.alerts.flatMap(({ activeAt }) => (activeAt === undefined ? [] : [Date.parse(activeAt)]));
  const first = Math.min(...since.filter((at) => !Number.isNaN(at)));
  return {
    id: [group.file, group.name, one.name].filter((part) => part !== "").join("/"),
    name: one.name,
    state: stateOf[one.state ?? ""] ?? "unknown",
    kind: "alerting rule",
    query: one.query,
    tags: Object.entries(one.labels).map(([name, value]) => `${name}:${value}`),
    since: Number.isFinite(first) ? new Date(first).toISOString() : null,
  };
}

/**
 * Prometheus reads, it is not sent to: its own way for jobs is the Pushgateway
 * (https://github.com/prometheus/pushgateway#command-line). What tells a metric apart is its group there, because a push replaces
 * what has the same name in the same group.
 */
async function pushMetric(wish: Submission, context: MonitoringContext) {
  const { send } = addressesOf(context.config);
  const { name, value, type, job, tags, at } = wish;
  if (send === null)
    throw new GatewayError("not_configured", "No Pushgateway is configured, and Prometheus itself is not sent to", {
      hint: "Set the address for sending, in the configuration.",
      isFinal: true,
    });
  if (at !== undefined) throw wrong("at", "a Pushgateway takes no time: leave it out");
  if (!/^[A-Za-z_:][A-Za-z0-9_:]*$/.test(name))
    throw wrong("name", "must be letters, digits and underscores for Prometheus");
  const odd = Object.keys(tags).find(
    (tag) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(tag) || tag.startsWith("__") || tag === "job",
  );
  if (odd !== undefined) throw wrong("tags", `${odd} cannot be the name of a label there`);
  const group = Object.entries({ job, ...tags }).map(([label, held]) => groupPart(label, held));
  await ask(
    "The Pushgateway",
    z.unknown(),
    {
      url: `${send}/metrics/${group.join("/")}`,
      method: "POST",
      headers: { ...login(context.config), "content-type": "text/plain; version=0.0.4" },
      body: `# TYPE ${name} ${type === "count" ? "counter" : "gauge"}\n${name} ${String(value)}\n`,
      isIdempotent: true, // the same value in the same place
    },
    context,
  );
  return { isAccepted: true as const, at: null, requestId: null };
}

/** What an address cannot hold, and nothing at all, goes as base64. */
function groupPart(label: string, value: string): string {
  if (/^[A-Za-z0-9_.-]+$/.test(value) && !/^\.+$/.test(value)) return `${label}/${value}`;
  return `${label}@base64/${value === "" ? "=" : Buffer.from(value).toString("base64url")}`;
}

function wrong(field: string, message: string): GatewayError {
  return new GatewayError("invalid_params", `${field}: ${message}`, {
    hint: "Correct it and call again.",
    issues: [{ path: `params.${field}`, message }],
    isFinal: true,
  });
}
