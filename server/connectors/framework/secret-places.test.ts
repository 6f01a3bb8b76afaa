import { expect, test } from "vitest";
import { z } from "zod";

import { builtInConnectors } from "../built-in.ts";
import { secretPlacesOf } from "./secret-places.ts";

const mail = { host: "Mail.example.com", tokenUrl: "https://login.example.com/token" };
const server = "http://mail.example.com:587";

test.each([
  [
    "webhook-out",
    { url: "https://example.com/hook" },
    { secret: ["https://example.com"], access: ["https://example.com"] },
  ],
  ["slack", {}, { token: ["https://slack.com"] }],
  [
    "web-search",
    { tavilyUrl: "http://localhost:9000/x" },
    { braveKey: ["https://api.search.brave.com"], tavilyKey: ["http://localhost:9000"] },
  ],
  ["s3", {}, { secretAccessKey: ["https://s3.us-east-1.amazonaws.com"] }],
  ["s3", { endpoint: "https://nas.local:9000/a" }, { sessionToken: ["https://nas.local:9000"] }],
  ["email-smtp", mail, { password: [server], refreshToken: [server, "https://login.example.com"], dkimKey: [] }],
  ["email-smtp", { ...mail, security: "implicit", port: 465 }, { password: ["https://mail.example.com:465"] }],
  [
    "monitoring",
    { system: "prometheus", url: "http://prom.local:9090" },
    { password: ["http://prom.local:9090"], apiKey: [] },
  ],
  ["monitoring", { system: "datadog", site: "datadoghq.eu" }, { apiKey: ["https://api.datadoghq.eu"], token: [] }],
  ["message-queue", { servers: ["mq.local:5671"] }, { password: ["https://mq.local:5671"] }],
  ["message-queue", { servers: ["mq.local:5672"], isEncrypted: false }, { password: ["http://mq.local:5672"] }],
])("%s uses its secrets where %j leads", (id, config, places) => {
  const connector = builtInConnectors.find((one) => one.id === id);
  if (!connector) throw new Error("no connector");
  expect(secretPlacesOf(connector, config)).toMatchObject(places);
});

test("what says nothing of it uses each secret at every address among its plain fields", () => {
  const config = z.object({ base: z.url(), others: z.array(z.string()), words: z.string(), one: z.string() });
  const values = { base: "HTTPS://a.example:443/x", others: ["ws://b.example/y", "plain"], words: "a: b", one: "x" };
  expect(secretPlacesOf({ config, secrets: ["one"] }, values)).toEqual({
    one: ["https://a.example", "ws://b.example"],
  });
  expect(secretPlacesOf({ config, secrets: ["one"] }, { base: 7, one: "https://c.example" })).toEqual({ one: [] });
});
