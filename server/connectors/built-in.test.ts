import { expect, test } from "vitest";

import { builtInConnectors } from "./built-in.ts";
import { refuseWrongExamples, type AnyConnector } from "./framework/define-connector.ts";
import { createRss } from "./rss/rss.ts";
import { createWebFetch } from "./web-fetch/web-fetch.ts";

const none = {} as never; // nothing of them runs here
const all: readonly AnyConnector[] = [...builtInConnectors, createWebFetch(none, none), createRss(none)];

test.each(all.map((connector) => [connector.id, connector] as const))("the examples of %s fit", (_id, connector) => {
  expect(Object.values(connector.operations).some(({ examples }) => examples.length > 0)).toBe(true);
  refuseWrongExamples(connector);
});

test("an example that does not fit is named", () => {
  const [slack] = all.filter(({ id }) => id === "slack");
  if (!slack) throw new Error("There is no Slack");
  const [name, operation] = Object.entries(slack.operations)[0] ?? [];
  if (!name || !operation) throw new Error("Slack can do nothing");
  const wrong = { ...operation, examples: [{ title: "Wrong", input: { nothing: 1 } }] };
  const run = (): void => {
    refuseWrongExamples({ ...slack, operations: { [name]: wrong } });
  };
  expect(run).toThrow(`slack ${name}, example "Wrong"`);
});
