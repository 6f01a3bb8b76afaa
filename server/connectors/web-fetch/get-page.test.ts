import { expect, test } from "vitest";

import type { ConnectorReply, ConnectorRequest, OperationContext } from "../framework/define-connector.ts";
import type { PageBrowser } from "./browser/page-browser.ts";
import { getText } from "./get-page.ts";
import { webFetchConfigSchema, type WebFetchConfig } from "./web-fetch-config.ts";

type Allow = Parameters<PageBrowser["read"]>[0]["allow"];

/** What a page in the browser may ask for while the site answers its robots.txt so. */
async function allowOf(robots: { status: number; body: string }): Promise<{ allow: Allow; asked: ConnectorRequest[] }> {
  const asked: ConnectorRequest[] = [];
  const request = (wanted: ConnectorRequest): Promise<ConnectorReply> => {
    asked.push(wanted);
    const bytes = Buffer.from(robots.body);
    const { status } = robots;
    const url = String(wanted.url);
    return Promise.resolve({ status, headers: {}, bytes, url, text: () => robots.body, json: () => null });
  };
  const context = {
    config: webFetchConfigSchema.parse({}),
    http: { request, expectOk: request },
    note: () => undefined,
  } as unknown as OperationContext<WebFetchConfig>;
  const wishes: Allow[] = [];
  const browser = {
    read(wish: Parameters<PageBrowser["read"]>[0]) {
      wishes.push(wish.allow);
      return Promise.resolve({ text: "", type: "text/html" });
    },
  } as unknown as PageBrowser;
  await getText(
    { url: "https://a.example/", respectsRobots: true, accept: "text/html", via: "browser" },
    context,
    browser,
  );
  const [allow] = wishes;
  if (!allow) throw new Error("The browser was not asked");
  return { allow, asked };
}

const page = "https://a.example/private";

test("a page that robots.txt forbids stays forbidden however often it is asked for, one it allows is asked about once", async () => {
  const { allow, asked } = await allowOf({ status: 200, body: "User-agent: *\nDisallow: /private" });
  await expect(allow(page)).rejects.toMatchObject({ gatewayCode: "refused_by_policy" });
  await expect(allow(page)).rejects.toMatchObject({ gatewayCode: "refused_by_policy" });
  await allow("https://a.example/open");
  const before = asked.length;
  await allow("https://a.example/open");
  expect(asked).toHaveLength(before);
});

test("for a page that leads there, robots.txt goes no further inside than the page may, and leads nowhere else", async () => {
  const { allow, asked } = await allowOf({ status: 302, body: "" });
  await expect(allow(page, { isOutsideOnly: true })).rejects.toMatchObject({ gatewayCode: "refused_by_policy" });
  expect(asked).toMatchObject([{ isOutsideOnly: true, maxRedirects: 0 }]);
});
