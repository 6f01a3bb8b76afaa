import { memo, useMemo, type ReactNode } from "react";

import { plainText } from "../ansi.ts";
import { CopyButton } from "./copy-button.tsx";
import { Marked } from "./marked.tsx";
import { parseMarkdown, type Inline, type ListItem, type MarkdownBlock } from "./markdown.ts";
import classes from "./markdown-view.module.css";

/** Text of a model as a document. Only elements of our own are made, whatever it holds. */
export const MarkdownView = memo(function MarkdownView({ text, query }: { text: string; query: string }) {
  const blocks = useMemo(() => parseMarkdown(withoutEscapes(text)), [text]);
  return (
    <div className={classes["document"]}>
      <Blocks blocks={blocks} query={query} />
    </div>
  );
});

/** What programs print for terminals is no part of a document. */
function withoutEscapes(text: string): string {
  return text.includes("\u001b") ? text.split("\n").map(plainText).join("\n") : text;
}

function Blocks({ blocks, query }: { blocks: readonly MarkdownBlock[]; query: string }) {
  return blocks.map((block, index) => <Block key={index} block={block} query={query} />);
}

function Block({ block, query }: { block: MarkdownBlock; query: string }): ReactNode {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Inlines content={block.content} query={query} />
        </p>
      );
    case "heading":
      // Below the title of the page and of the row, whatever level the model chose.
      return (
        <p
          className={classes["heading"]}
          role="heading"
          aria-level={Math.min(block.level + 2, 6)}
          data-level={block.level}
        >
          <Inlines content={block.content} query={query} />
        </p>
      );
    case "code":
      return <Code language={block.language} text={block.text} query={query} />;
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.content} query={query} />
        </blockquote>
      );
    case "list":
      return <List start={block.start} items={block.items} query={query} />;
    case "table":
      return <Table block={block} query={query} />;
    case "rule":
      break;
  }
  return <hr />;
}

function Code({ language, text, query }: { language: string; text: string; query: string }) {
  return (
    <div className={classes["code"]}>
      <div className={classes["codeHead"]}>
        <span>{language}</span>
        <CopyButton text={text} label="Copy the code" />
      </div>
      <pre tabIndex={0}>
        <code>
          <Marked text={text} query={query} />
        </code>
      </pre>
    </div>
  );
}

function List({ start, items, query }: { start: number | null; items: readonly ListItem[]; query: string }) {
  const content = items.map(({ isDone, content: blocks }, index) => (
    <li key={index} data-box={isDone !== null || undefined}>
      {isDone === null ? null : (
        <span
          className={classes["box"]}
          role="img"
          aria-label={isDone ? "done" : "not done"}
          data-done={isDone || undefined}
        />
      )}
      <div>
        <Blocks blocks={blocks} query={query} />
      </div>
    </li>
  ));
  return start === null ? <ul>{content}</ul> : <ol start={start}>{content}</ol>;
}

function Table({ block, query }: { block: Extract<MarkdownBlock, { kind: "table" }>; query: string }) {
  return (
    <div className={classes["tableScroll"]} tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {block.head.map((cell, index) => (
              <th key={index} scope="col">
                <Inlines content={cell} query={query} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, rowIndex) => (
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                <td key={index}>
                  <Inlines content={cell} query={query} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Inlines({ content, query }: { content: readonly Inline[]; query: string }) {
  return content.map((piece, index) => <Piece key={index} piece={piece} query={query} />);
}

function Piece({ piece, query }: { piece: Inline; query: string }): ReactNode {
  switch (piece.kind) {
    case "text":
      return <Marked text={piece.text} query={query} />;
    case "code":
      return (
        <code>
          <Marked text={piece.text} query={query} />
        </code>
      );
    case "strong":
      return (
        <strong>
          <Inlines content={piece.content} query={query} />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Inlines content={piece.content} query={query} />
        </em>
      );
    case "struck":
      return (
        <s>
          <Inlines content={piece.content} query={query} />
        </s>
      );
    case "link":
      return (
        <a href={piece.href} target="_blank" rel="noreferrer nofollow" title={piece.href}>
          <Inlines content={piece.content} query={query} />
        </a>
      );
    case "break":
      break;
  }
  return <br />;
}
