/** The text of HTML for readers that show none: headings, lists and links stay recognisable, scripts and styles are left out. */
export async function htmlToText(html: string): Promise<string> {
  const { default: TurndownService } = await import("turndown"); // heavy, and few messages need it
  const service = new TurndownService({ bulletListMarker: "-", emDelimiter: "_", headingStyle: "atx" });
  service.escape = (text) => text;
  service.remove(["head", "script", "style", "title"]);
  service.addRule("link", {
    filter: "a",
    replacement(content, node) {
      const href = "getAttribute" in node ? (node.getAttribute("href") ?? "") : "";
      const text = content.trim();
      if (!/^(?:https?:|mailto:)/i.test(href) || href === text || href === `mailto:${text}`) return text;
      return text === "" ? href : `${text} (${href})`;
    },
  });
  service.addRule("image", {
    filter: "img",
    replacement: (_content, node) => ("getAttribute" in node ? (node.getAttribute("alt") ?? "") : ""),
  });
  return service.turndown(html).trim();
}
