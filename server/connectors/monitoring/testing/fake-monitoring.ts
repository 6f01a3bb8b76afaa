import type { IncomingHttpHeaders } from "node:http";

import { startHttp } from "../../../../lib/guarded-http/testing/hostile-server.ts";

export interface MonitoringCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface FakeMonitoring {
  url: string;
  calls: MonitoringCall[];
  /** What is answered next; what is documented for the path otherwise. */
  answers: { status?: number; headers?: Record<string, string>; body: unknown }[];
  close(): Promise<void>;
}

/** Answers in the forms that the vendors' references give for each path. */
export async function startFakeMonitoring(): Promise<FakeMonitoring> {
  const calls: MonitoringCall[] = [];
  const answers: FakeMonitoring["answers"] = [];
  const server = await startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://x");
      const call = {
        method: request.method ?? "",
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      calls.push(call);
      const { status = 200, headers = {}, body } = answers.shift() ?? documented(call);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  return { url: `http://127.0.0.1:${server.port}`, calls, answers, close: () => server.close() };
}

function documented({ method, path, body }: MonitoringCall): FakeMonitoring["answers"][number] {
  if (path === "/graphql") return { body: nerdGraph(JSON.parse(body) as { query: string }) };
  if (path.startsWith("/metrics/job")) return { body: "" };
  const known = replies[`${method} ${path}`];
  return known ?? { status: 404, body: "404 page not found" };
}

const replies: Readonly<Record<string, { status?: number; body: unknown }>> = {
  "POST /api/v1/query": {
    body: {
      status: "success",
      data: {
        resultType: "vector",
        result: [{ metric: { __name__: "up", job: "node", instance: "a:9100" }, value: [1_435_781_451.781, "1"] }],
      },
    },
  },
  "POST /api/v1/query_range": {
    body: {
      status: "success",
      warnings: ["a part did not answer"],
      data: {
        resultType: "matrix",
        result: [
          {
            metric: { __name__: "up", job: "node" },
            values: [
              [1_435_781_430.781, "1"],
              [1_435_781_445.781, "NaN"],
            ],
          },
          { metric: { __name__: "up", job: "web" }, values: [[1_435_781_430.781, "0"]] },
        ],
      },
    },
  },
  "GET /api/v1/rules": {
    body: {
      status: "success",
      data: {
        groups: [
          {
            name: "example",
            file: "/rules.yml",
            interval: 60,
            rules: [
              {
                name: "HighLatency",
                query: "latency > 0.5",
                duration: 600,
                state: "firing",
                health: "ok",
                type: "alerting",
                labels: { severity: "page" },
                alerts: [
                  { activeAt: "2018-07-04T20:27:12.60602144+02:00", state: "firing", value: "1e+00", labels: {} },
                  { activeAt: "2018-07-04T20:20:12Z", state: "firing", value: "2e+00", labels: {} },
                ],
              },
              { name: "Slow", query: "x", state: "pending", health: "ok", type: "alerting", labels: {}, alerts: [] },
              { name: "Fine", query: "y", state: "inactive", health: "ok", type: "alerting", alerts: [] },
              { name: "job:x:rate", query: "rate(x)", health: "ok", type: "recording" },
            ],
          },
        ],
      },
    },
  },
  "GET /api/v1/status/buildinfo": { body: { status: "success", data: { version: "2.42.0", revision: "abc" } } },
  "GET /api/v1/query": {
    body: {
      status: "ok",
      res_type: "time_series",
      from_date: 1_575_317_847_000,
      group_by: ["host"],
      series: [
        {
          metric: "system.load.1",
          display_name: "system.load.1",
          expression: "avg:system.load.1{host:a}",
          scope: "host:a",
          tag_set: ["host:a", "lonely"],
          unit: [{ family: "time", short_name: "s", name: "second", plural: "seconds" }, null],
          pointlist: [
            [1_575_317_847_000, 0.5],
            [1_575_317_907_000, null],
          ],
        },
      ],
    },
  },
  "GET /api/v1/monitor": {
    body: [
      {
        id: 91_879_684,
        name: "Bytes received",
        type: "query alert",
        query: "avg(last_5m):sum:x{*} > 100",
        tags: ["team:a"],
        overall_state: "Alert",
        overall_state_modified: "2024-01-02T03:04:05+00:00",
        options: {},
      },
      { id: 2, name: "Fine", type: "query alert", query: "q", tags: [], overall_state: "OK" },
    ],
  },
  "GET /api/v1/validate": { body: { valid: true } },
  "POST /api/v2/series": { status: 202, body: { errors: [] } },
  "POST /metric/v1": { status: 202, body: { requestId: "f0e7bfff-001a-b000-0000-01682bcf4565" } },
};

function nerdGraph({ query }: { query: string }): unknown {
  const account = query.includes("nrqlConditionsSearch")
    ? {
        alerts: {
          nrqlConditionsSearch: {
            nextCursor: "next-page",
            nrqlConditions: [
              { id: "1", name: "Slow", enabled: true, type: "STATIC", policyId: "7", nrql: { query: "SELECT 1" } },
              { id: "2", name: "Old", enabled: false, type: "BASELINE", policyId: "7", nrql: { query: "SELECT 2" } },
            ],
          },
        },
      }
    : query.includes("nrql(")
      ? { nrql: { results: [{ "average.duration": 0.4, facet: "web" }] } }
      : { name: "Home" };
  return { data: { actor: { account } } };
}
