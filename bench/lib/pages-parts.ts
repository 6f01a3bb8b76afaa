export { htmlField } from "../../server/connectors/framework/html-field.ts";
export { cleanOutput } from "../../server/connectors/framework/output-cleaning.ts";
export { loadSanitiser } from "../../server/connectors/framework/sanitiser.ts";
export { parsePage } from "../../server/connectors/reading/page.ts";
export { readFeed } from "../../server/connectors/rss/read-feed.ts";
export { pageMetadata } from "../../server/connectors/web-fetch/page-metadata.ts";
export { mainPart } from "../../server/connectors/web-fetch/readable.ts";
export { toMarkdown } from "../../server/connectors/web-fetch/to-markdown.ts";
