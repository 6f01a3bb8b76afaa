import { createElement } from "react";

import {
  IconBrandSlack,
  IconBucket,
  IconChartLine,
  IconMail,
  IconPlugConnected,
  IconRss,
  IconSearch,
  IconStack2,
  IconWebhook,
  IconWorld,
} from "../../ui/icons.gen.ts";
import type { IconComponent } from "../../ui/icon.tsx";

const icons = new Map<string, IconComponent>([
  ["email-smtp", IconMail],
  ["message-queue", IconStack2],
  ["monitoring", IconChartLine],
  ["rss", IconRss],
  ["s3", IconBucket],
  ["slack", IconBrandSlack],
  ["web-fetch", IconWorld],
  ["web-search", IconSearch],
  ["webhook-out", IconWebhook],
]);

/** What stands for a connector beside its name. */
export function ConnectorIcon({ id }: { id: string }) {
  return createElement(icons.get(id) ?? IconPlugConnected, { size: 16, stroke: 1.75 });
}
