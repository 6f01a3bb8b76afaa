import { z } from "zod";

import { GatewayError } from "../framework/gateway-error.ts";
import { ask, refused } from "./ask-system.ts";
import { addressesOf } from "./monitoring-config.ts";
import type {
  ListWish,
  MonitoringContext,
  MonitoringSystem,
  MonitorPage,
  QueryResult,
  QueryWish,
  Submission,
} from "./monitoring-schema.ts";

const title = "New Relic";
const graphqlReply = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});
const inAccount = <Inside extends z.ZodType>(inside: Inside) => z.object({ actor: z.object({ account: inside }) });
const nrqlData = inAccount(
  z.object({ nrql: z.object({ results: z.array(z.record(z.string(), z.unknown())).nullable() }) }),
);
const condition = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  type: z.string().nullish(),
  policyId: z.string().nullish(),
  nrql: z.object({ query: z.string() }).nullish(),
});
const conditionsData = inAccount(
  z.object({
    alerts: z.object({
      nrqlConditionsSearch: z.object({ nextCursor: z.string().nullable(), nrqlConditions: z.array(condition) }),
    }),
  }),
);
const accountData = inAccount(z.object({ name: z.string() }));

/**
 * New Relic over NerdGraph (https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/,
 * https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-api-nrql-condition-alerts/) and its Metric API
 * (https://docs.newrelic.com/docs/data-apis/ingest-apis/metric-api/report-metrics-metric-api/). The state of a condition is not
 * part of its search: only whether it is on.
 */
export const newRelic: MonitoringSystem = {
  title,
  query: queryNrql,
  list: listConditions,
  submit: submitMetric,
  async look(context) {
    const { actor } = await nerdGraph(
      "query($account: Int!) { actor { account(id: $account) { name } } }",
      {},
      accountData,
      context,
    );
    return `New Relic shows us the account ${actor.account.name}.`;
  },
};

async function nerdGraph<Schema extends z.ZodType>(
  query: string,
  variables: Record<string, unknown>,
  schema: Schema,
  context: MonitoringContext,
): Promise<z.output<Schema>> {
  const { userKey = "", accountId } = context.config;
  const reply = await ask(
    title,
    graphqlReply,
    {
      url: `${addressesOf(context.config).read}/graphql`,
      method: "POST",
      headers: { "API-Key": userKey },
      body: { query, variables: { account: accountId, ...variables } },
      isIdempotent: true, // all of these read
    },
    context,
  );
  const parsed = schema.safeParse(reply.data);
  if (parsed.success) return parsed.data;
  const words = reply.errors.map(({ message }) => message);
  throw refused(title, words.length > 0 ? words : ["the account shows nothing of this"]);
}

async function queryNrql(wish: QueryWish, context: MonitoringContext): Promise<QueryResult> {
  const document =
    "query($account: Int!, $nrql: Nrql!) { actor { account(id: $account) { nrql(query: $nrql) { results } } } }";
  const { actor } = await nerdGraph(document, { nrql: wish.query }, nrqlData, context);
  const rows = actor.account.nrql.results ?? [];
  return { series: [], rows: rows.slice(0, mostRows), isCut: rows.length > mostRows, warnings: [] };
}

const mostRows = 2_000;
const search = `query($account: Int!, $cursor: String, $name: String) {
  actor { account(id: $account) { alerts {
    nrqlConditionsSearch(cursor: $cursor, searchCriteria: { nameLike: $name }) {
      nextCursor
      nrqlConditions { id name enabled type policyId nrql { query } }
    }
  } } }
}`;

async function listConditions({ text, state, cursor }: ListWish, context: MonitoringContext): Promise<MonitorPage> {
  const variables = { cursor: cursor ?? null, name: text === "" ? null : text };
  const { actor } = await nerdGraph(search, variables, conditionsData, context);
  const { nrqlConditions, nextCursor } = actor.account.alerts.nrqlConditionsSearch;
  const all = nrqlConditions.map((one) => ({
    id: one.id,
    name: one.name,
    state: one.enabled ? ("unknown" as const) : ("off" as const),
    kind: one.type ?? null,
    query: one.nrql?.query ?? null,
    tags: one.policyId == null ? [] : [`policy:${one.policyId}`],
    since: null,
  }));
  return { monitors: all.filter((one) => state === "any" || one.state === state), next: nextCursor };
}

async function submitMetric(wish: Submission, context: MonitoringContext) {
  const { licenseKey } = context.config;
  const { name, value, type, tags, intervalSeconds, unit } = wish;
  if (licenseKey === undefined)
    throw new GatewayError("not_configured", "A license key is needed to send metrics to New Relic", {
      hint: "Set it in the configuration.",
      isFinal: true,
    });
  const atMs = wish.at === undefined ? Math.trunc(context.clock.now()) : Date.parse(wish.at);
  const metric = {
    name,
    type,
    value,
    timestamp: atMs,
    ...(type === "count" ? { "interval.ms": intervalSeconds * 1_000 } : {}),
    attributes: { ...tags, ...(unit === undefined ? {} : { unit }) },
  };
  const { requestId = null } = await ask(
    title,
    z.object({ requestId: z.string().optional() }),
    {
      url: `${addressesOf(context.config).send ?? ""}/metric/v1`,
      method: "POST",
      headers: { "Api-Key": licenseKey },
      body: [{ metrics: [metric] }],
      isIdempotent: false,
    },
    context,
  );
  return { isAccepted: true as const, at: new Date(atMs).toISOString(), requestId };
}
