import { z } from "zod";

import { tabIdSchema, type browserProcessEndpoints } from "../../../../contract/internal/browser.ts";
import type { InternalClient } from "../../../../lib/internal-client.ts";
import { redact } from "../../../../lib/redact.ts";
import { facts, failed, outside, ownTool, type OwnTool } from "./tool.ts";

/** Characters of base64; clients take no larger pictures. */
const largestPicture = 5 * 1024 * 1024;

/** Pages that are open in the browser of PortOS, to look at only. */
export function browserTools(
  browser: Pick<InternalClient<typeof browserProcessEndpoints>, "tabs" | "text" | "capture">,
) {
  const input = z.strictObject({ id: tabIdSchema });
  const tools: OwnTool[] = [
    ownTool({
      area: "browser",
      name: "list_pages",
      title: "List pages",
      description: "Lists the pages that are open in the browser of PortOS.",
      input: z.strictObject({}),
      run: async () => facts(await browser.tabs({})),
    }),
    ownTool({
      area: "browser",
      name: "read_page",
      title: "Read a page",
      description: "Reads the text of a page that is open in the browser of PortOS, as it is seen.",
      input,
      async run({ id }) {
        const { title, url, text, isCut } = await browser.text({ params: { id } });
        return outside(`page ${title} at ${redact(url)}`, isCut ? [text, "(The page goes on.)"] : [text], {
          trust: "external",
        });
      },
    }),
    ownTool({
      area: "browser",
      name: "screenshot_page",
      title: "Take a picture of a page",
      description: "Takes a picture of a page that is open in the browser of PortOS. It is not kept.",
      input,
      async run({ id }) {
        const { png, title, url } = await browser.capture({ params: { id } });
        if (png.length > largestPicture)
          return failed("too_large", "The picture is too large", "Make the window of the browser smaller.");
        const about = outside("what the picture shows", [`${title} ${redact(url)}`], { trust: "external" });
        return { content: [...about.content, { type: "image", data: png, mimeType: "image/png" }] };
      },
    }),
  ];
  return tools;
}
