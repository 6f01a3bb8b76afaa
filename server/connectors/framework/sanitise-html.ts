import sanitizeHtml from "sanitize-html";

/** What a reader needs of a page or a mail: no script, no style, nothing that is loaded, links that carry nothing along. */
const htmlOptions: sanitizeHtml.IOptions = {
  allowedTags: sanitizeHtml.defaults.allowedTags,
  allowedAttributes: {
    a: ["href", "title", "rel"],
    abbr: ["title"],
    bdo: ["dir"],
    ol: ["start"],
    td: ["colspan", "rowspan"],
    th: ["colspan", "rowspan", "scope"],
    time: ["datetime"],
  },
  allowedSchemes: ["http", "https", "mailto"],
  allowProtocolRelative: false,
  disallowedTagsMode: "discard",
  enforceHtmlBoundary: false,
  transformTags: { a: sanitizeHtml.simpleTransform("a", { rel: "noopener noreferrer nofollow" }) },
};

/** HTML without anything that runs. */
export function sanitiseHtml(html: string): string {
  return sanitizeHtml(html, htmlOptions);
}
