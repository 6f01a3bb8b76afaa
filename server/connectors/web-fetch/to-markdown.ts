import { resolveLink } from "../reading/page.ts";
import { shorten } from "../reading/plain-text.ts";

/** Makes the addresses below an element whole and takes away those that lead to no page. */
export function tidyLinks(root: Element, base: string): void {
  for (const element of root.querySelectorAll("a[href]")) {
    const url = resolveLink(element.getAttribute("href") ?? "", base);
    if (url === null) element.removeAttribute("href");
    else element.setAttribute("href", url);
  }
  for (const image of root.querySelectorAll("img")) {
    const url = resolveLink(image.getAttribute("src") ?? "", base);
    if (url?.startsWith("http") === true) image.setAttribute("src", url);
    else image.remove();
  }
  for (const data of root.querySelectorAll("script, template")) data.remove();
}

/** An element as Markdown: headings with "#", tables with pipes, code in fences. */
export async function toMarkdown(root: Element): Promise<string> {
  const { default: TurndownService } = await import("turndown");
  const service = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
    emDelimiter: "*",
  });
  service.remove(["script", "style", "title", "form", "button", "input", "select", "textarea"]);
  service.addRule("table", {
    filter: (node) => node.nodeName === "TABLE" && isData(node),
    replacement: (_, node) => `\n\n${pipeTable(tableRows(node))}\n\n`,
  });
  const markdown = service.turndown(root as unknown as HTMLElement);
  return markdown
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function isData(table: Element): boolean {
  return table.querySelector("table, ul, ol, pre, blockquote, h1, h2, h3") === null && tableRows(table).length > 0;
}

const maxRows = 1_000;
const maxCells = 60;

/** Rows of a table as text. */
export function tableRows(table: Element): string[][] {
  return [...table.querySelectorAll("tr")]
    .filter((row) => row.closest("table") === table)
    .slice(0, maxRows)
    .map((row) =>
      [...row.children]
        .filter(({ nodeName }) => nodeName === "TD" || nodeName === "TH")
        .slice(0, maxCells)
        .map((cell) => shorten(elementText(cell), 1_000)),
    )
    .filter((row) => row.length > 0);
}

function pipeTable(rows: string[][]): string {
  const width = Math.max(...rows.map((row) => row.length));
  const line = (cells: string[]): string =>
    `| ${Array.from({ length: width }, (_, at) => (cells[at] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(Array.from({ length: width }, () => "---")), ...body.map(line)].join("\n");
}

/** Text of an element on one line. */
export function elementText(element: Element): string {
  return element.textContent.replace(/\s+/g, " ").trim();
}
