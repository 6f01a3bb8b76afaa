import { defineConnector, defineOperation } from "../framework/define-connector.ts";
import { datadog } from "./datadog.ts";
import { monitoringConfig, placesOf, secretPlacesIn, targetsOf, type MonitoringConfig } from "./monitoring-config.ts";
import {
  listInput,
  listOutput,
  queryInput,
  queryOutput,
  submitInput,
  submitOutput,
  type MonitoringSystem,
} from "./monitoring-schema.ts";
import { newRelic } from "./new-relic.ts";
import { prometheus } from "./prometheus.ts";

const systems: Readonly<Record<MonitoringConfig["system"], MonitoringSystem>> = {
  prometheus,
  datadog,
  "new-relic": newRelic,
};

const query = defineOperation<MonitoringConfig, typeof queryInput, typeof queryOutput>({
  title: "Query",
  description: "Asks for the values of metrics, in the language of the system that is configured.",
  effect: "read",
  isIdempotent: true,
  trust: "primary",
  input: queryInput,
  output: queryOutput,
  targets: (_input, config) => targetsOf(config, "read"),
  examples: [
    { title: "Prometheus: which targets are up", input: { query: "up", isNow: true } },
    { title: "Datadog: load of an hour", input: { query: "avg:system.load.1{*} by {host}" } },
    { title: "New Relic", input: { query: "SELECT average(duration) FROM Transaction SINCE 1 hour ago" } },
  ],
  run: (wish, context) => systems[context.config.system].query(wish, context),
});

const listMonitors = defineOperation<MonitoringConfig, typeof listInput, typeof listOutput>({
  title: "List monitors",
  description: "Lists what is watched and how it stands: alerting rules, monitors, alert conditions.",
  effect: "read",
  isIdempotent: true,
  trust: "primary",
  input: listInput,
  output: listOutput,
  targets: (_input, config) => targetsOf(config, "read"),
  examples: [
    { title: "All", input: {} },
    { title: "What is alerting", input: { state: "alerting" } },
  ],
  run: (wish, context) => systems[context.config.system].list(wish, context),
});

const submitMetric = defineOperation<MonitoringConfig, typeof submitInput, typeof submitOutput>({
  title: "Submit a metric",
  description: "Sends one value of a metric. Prometheus needs a Pushgateway for it.",
  effect: "write",
  trust: "primary",
  input: submitInput,
  output: submitOutput,
  targets: (_input, config) => targetsOf(config, "send"),
  examples: [
    { title: "How it is now", input: { name: "build_seconds", value: 41.5, tags: { branch: "main" } } },
    { title: "How many", input: { name: "deploys", value: 1, type: "count", intervalSeconds: 60 } },
  ],
  run: (wish, context) => systems[context.config.system].submit(wish, context),
});

/** Systems that watch others. */
export const monitoring = defineConnector({
  id: "monitoring",
  title: "Monitoring",
  description: "Asks Prometheus, Datadog or New Relic for metrics and monitors, and sends metrics there.",
  config: monitoringConfig,
  secrets: ["password", "token", "apiKey", "applicationKey", "userKey", "licenseKey"],
  secretPlaces: secretPlacesIn,
  operations: { query, "list-monitors": listMonitors, "submit-metric": submitMetric },
  insides: placesOf,
  health: async (context) => ({
    isHealthy: true,
    detail: await systems[context.config.system].look(context),
  }),
});
