import { useComputedColorScheme } from "@mantine/core";
import { memo, type ReactNode } from "react";

import { speakerWords, type TranscriptBlock } from "../../../../contract/run-transcript.ts";
import { callTitle } from "../../../../contract/short-path.ts";
import { AnsiText } from "../../ui/ansi-text.tsx";
import { CallEdits, CallInput } from "../../ui/call-detail.tsx";
import {
  IconBan,
  IconBulb,
  IconCheck,
  IconChevronDown,
  IconChevronRight,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconHandStop,
  IconListCheck,
  IconLoader2,
  IconPlayerPlay,
  IconUser,
} from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { runStatus, type Status } from "../../ui/status.ts";
import { Time } from "../../ui/time.tsx";
import { Marked } from "../../ui/markdown/marked.tsx";
import { MarkdownView } from "../../ui/markdown/markdown-view.tsx";
import { failureWords, toolWords, usageWords } from "./run-words.ts";
import { ToolIcon } from "./tool-icon.tsx";
import classes from "./transcript-row.module.css";
import type { TranscriptRow } from "./transcript-rows.ts";

interface RowProps {
  row: TranscriptRow;
  folder: string;
  query: string;
  /** The match the reader is at. */
  isCurrent: boolean;
  /** What the reader chose; nothing chosen: as fits. */
  isOpen: boolean | undefined;
  onToggle: (key: string, isOpen: boolean) => void;
}

type BlockOf<K extends TranscriptBlock["kind"]> = Extract<TranscriptBlock, { kind: K }>;

/** One row of a transcript. */
export const TranscriptRowView = memo(function TranscriptRowView(props: RowProps) {
  return (
    <div className={classes["row"]} data-current={props.isCurrent || undefined}>
      <Content {...props} />
    </div>
  );
});

function Content({ row, folder, query, isCurrent, isOpen, onToggle }: RowProps): ReactNode {
  const { block } = row;
  const fold = {
    isOpen: isOpen ?? isCurrent,
    onToggle: (next: boolean) => {
      onToggle(row.key, next);
    },
  };
  switch (block.kind) {
    case "user":
      return <UserRow block={block} query={query} {...fold} />;
    case "text":
      return <MarkdownView text={row.part ?? block.text} query={query} />;
    case "reasoning":
      return <ReasoningRow block={block} query={query} {...fold} />;
    case "output":
      return <OutputRow block={block} query={query} />;
    case "plan":
      return <PlanRow block={block} query={query} />;
    case "tool":
      return (
        <ToolRow
          block={block}
          folder={folder}
          query={query}
          {...fold}
          isOpen={isOpen ?? (isCurrent || block.call.edits.length > 0)}
        />
      );
    case "question":
      return <QuestionRow block={block} folder={folder} />;
    case "notice":
      return (
        <Notice tone={block.level === "error" ? "bad" : block.level === "warning" ? "warn" : "info"}>
          <Marked text={block.text} query={query} />
        </Notice>
      );
    case "attempt":
      return <AttemptRow block={block} />;
    case "state":
      break;
  }
  return (
    <div className={classes["line"]}>
      <StatusBadge status={runStatus(block.state)} isCompact />
      {block.message === null ? null : <span className={classes["reason"]}>{block.message}</span>}
      <Time iso={block.at} />
    </div>
  );
}

interface Fold {
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
}

const foldPromptAt = 2_500;

function UserRow({ block, query, isOpen, onToggle }: { block: BlockOf<"user">; query: string } & Fold) {
  const isLong = block.text.length > foldPromptAt;
  const text = isLong && !isOpen ? `${block.text.slice(0, foldPromptAt)}…` : block.text;
  return (
    <div className={classes["user"]}>
      <div className={classes["who"]}>
        {block.speaker === "user" ? <IconUser size={14} /> : <IconPlayerPlay size={14} />} {speakerWords[block.speaker]}
        <span className={classes["end"]}>
          <Time iso={block.at} />
        </span>
      </div>
      <div className={classes["said"]}>
        <Marked text={text} query={query} />
      </div>
      {isLong ? (
        <button
          type="button"
          className={classes["link"]}
          onClick={() => {
            onToggle(!isOpen);
          }}
        >
          {isOpen ? "Show less" : `Show all ${block.text.length.toLocaleString("en")} characters`}
        </button>
      ) : null}
    </div>
  );
}

function FoldButton({ isOpen, onToggle, children }: Fold & { children: ReactNode }) {
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <button
      type="button"
      className={classes["fold"]}
      aria-expanded={isOpen}
      onClick={() => {
        onToggle(!isOpen);
      }}
    >
      <Chevron size={14} />
      {children}
    </button>
  );
}

function ReasoningRow({ block, query, ...fold }: { block: BlockOf<"reasoning">; query: string } & Fold) {
  const first = block.text.trim().split("\n")[0]?.replaceAll("**", "") ?? "";
  return (
    <div className={classes["reasoning"]}>
      <FoldButton {...fold}>
        <IconBulb size={14} />
        <span className={classes["foldTitle"]}>Reasoning</span>
        {fold.isOpen ? null : <span className={classes["foldHint"]}>{first}</span>}
      </FoldButton>
      {fold.isOpen ? (
        <div className={classes["thought"]}>
          <Marked text={block.text} query={query} />
        </div>
      ) : null}
    </div>
  );
}

function OutputRow({ block, query }: { block: BlockOf<"output">; query: string }) {
  const isDark = useComputedColorScheme("dark") === "dark";
  const lines = block.text.replace(/\r?\n$/, "").split("\n");
  const highlight = query === "" ? null : { text: query, isCaseSensitive: false };
  return (
    <pre className={classes["output"]} data-stream={block.stream} tabIndex={0}>
      {lines.map((line, index) => (
        <span key={index} className={classes["outputLine"]}>
          <AnsiText text={line.replace(/\r$/, "")} isDark={isDark} highlight={highlight} />
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

const planIcons = { pending: IconCircleDashed, running: IconLoader2, succeeded: IconCircleCheck };
const planWords = { pending: "to do", running: "being done", succeeded: "done" };

function PlanRow({ block, query }: { block: BlockOf<"plan">; query: string }) {
  const done = block.entries.filter(({ state }) => state === "succeeded").length;
  return (
    <div className={classes["card"]}>
      <div className={classes["cardHead"]}>
        <IconListCheck size={15} /> Plan
        <span className={classes["end"]}>{`${String(done)} of ${String(block.entries.length)}`}</span>
      </div>
      <ol role="list" className={classes["plan"]}>
        {block.entries.map(({ text, state }, index) => {
          const StateIcon = planIcons[state];
          return (
            <li key={index} data-state={state}>
              <StateIcon size={15} />
              <span>
                <span className="visually-hidden">{planWords[state]}: </span>
                <Marked text={text} query={query} />
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

const callStatus: Record<BlockOf<"tool">["call"]["state"], Status> = {
  pending: "queued",
  running: "running",
  succeeded: "succeeded",
  failed: "failed",
  denied: "denied",
};

interface ToolRowProps extends Fold {
  block: BlockOf<"tool">;
  folder: string;
  query: string;
}

function ToolRow({ block: { call, isUnfinished }, folder, query, ...fold }: ToolRowProps) {
  const title = callTitle(call, folder);
  const word = toolWords[call.tool];
  return (
    <div className={classes["card"]}>
      <FoldButton {...fold}>
        <ToolIcon tool={call.tool} />
        {title.startsWith(`${word} `) ? null : <span className={classes["foldTitle"]}>{word}</span>}
        <span className={classes["toolTitle"]} title={call.title}>
          <Marked text={title} query={query} />
        </span>
        <span className={classes["end"]}>
          <StatusBadge status={isUnfinished ? "not finished" : callStatus[call.state]} isCompact />
        </span>
      </FoldButton>
      {fold.isOpen ? (
        <div className={classes["detail"]}>
          {call.edits.length === 0 ? <CallInput call={call} /> : <CallEdits edits={call.edits} folder={folder} />}
          {call.output === null || call.output === "" ? null : <CallOutput text={call.output} query={query} />}
          {call.edits.length === 0 && call.input === null && (call.output ?? "") === "" ? (
            <p className="dim">Nothing more is known about it.</p>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

function CallOutput({ text, query }: { text: string; query: string }) {
  const isDark = useComputedColorScheme("dark") === "dark";
  const highlight = query === "" ? null : { text: query, isCaseSensitive: false };
  return (
    <pre className={classes["result"]} tabIndex={0}>
      {text.split("\n").map((line, index) => (
        <span key={index}>
          <AnsiText text={line} isDark={isDark} highlight={highlight} />
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

function QuestionRow({
  block: { request, answer, isWithdrawn },
  folder,
}: {
  block: BlockOf<"question">;
  folder: string;
}) {
  const AnswerIcon = answer === null ? IconHandStop : answer.isAllowed ? IconCheck : IconBan;
  const tone = answer === null ? (isWithdrawn ? undefined : "warn") : answer.isAllowed ? "ok" : "bad";
  const unanswered = isWithdrawn ? "Not answered before the run ended" : "Waits for your answer";
  return (
    <div className={classes["asked"]} data-tone={tone}>
      <AnswerIcon size={15} />
      <div>
        {answer === null ? (isWithdrawn ? "Asked" : "Asks") : answer.isAllowed ? "Allowed" : "Denied"}:{" "}
        {callTitle(request.call, folder)}
        <p className={classes["reason"]}>
          {answer === null ? unanswered : `by ${answer.by}`}
          {answer?.reason === null || answer === null ? "" : `: ${answer.reason}`} ·{" "}
          <Time iso={answer?.at ?? request.askedAt} />
        </p>
      </div>
    </div>
  );
}

function AttemptRow({ block }: { block: BlockOf<"attempt"> }) {
  const { end } = block;
  const failure = end?.failure ?? null;
  return (
    <div className={classes["attempt"]}>
      <div className={classes["line"]}>
        <span className={classes["provider"]}>{block.providerName}</span>
        {block.model === null ? null : <span className="mono dim">{block.model}</span>}
        <span className={classes["reason"]}>{block.reason}</span>
        <Time iso={block.at} />
      </div>
      {end === null || failure === null ? null : (
        <div className={classes["asked"]} data-tone="bad">
          <IconCircleX size={15} />
          <div>
            {block.providerName}: {failureWords(failure)}
            <p className={classes["reason"]}>
              {[end.message ?? "", usageWords(end.usage)].filter((part) => part !== "").join(" · ")}
            </p>
          </div>
        </div>
      )}
    </div>
  );
}
