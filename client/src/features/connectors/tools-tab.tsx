import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { ConnectorView, Effect } from "../../../../contract/features/connectors.ts";
import type { McpTools, McpToolView } from "../../../../contract/features/mcp-connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { toast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { IconRefresh } from "../../ui/icons.gen.ts";
import { JsonText } from "../../ui/json-text.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./connectors.module.css";
import { renewOwn } from "./own-calls.ts";
import { EffectChoice, nameOf } from "./tool-choice.tsx";

/** The tools of an MCP server: what it offers, what of that was accepted, and what has changed since. */
export function ToolsTab({ connector }: { connector: ConnectorView }) {
  const { id, title, isEnabled, isConfigured, signIn } = connector;
  const isReady = isEnabled && isConfigured && (signIn === null || signIn.state === "active");
  const params = { id };
  const { data, error, isPending, refetch } = useQuery(callQuery("mcpConnectors.tools", { params }));
  const keep = useKeep(id);
  const refresh = useMutation({
    mutationFn: () => call("mcpConnectors.refresh", { params }),
    onSuccess(tools) {
      keep(tools);
      toast({ kind: "ok", text: title, detail: foundText(tools) });
    },
  });
  if (isPending) return <LoadingState rows={4} rowHeight={48} label="Loading the tools" />;
  if (data === undefined)
    return <ErrorState title="Could not load the tools" error={error} onRetry={() => void refetch()} />;
  const of = (state: McpToolView["state"]): McpToolView[] => data.tools.filter((one) => one.state === state);
  return (
    <div className={classes["parts"]}>
      <div className={classes["line"]}>
        <Button
          leftSection={<IconRefresh size={14} />}
          disabled={!isReady}
          loading={refresh.isPending}
          onClick={() => {
            refresh.mutate();
          }}
        >
          Ask for its tools anew
        </Button>
        <span className={classes["sub"]}>
          {data.at === null ? (
            "Never asked"
          ) : (
            <>
              {data.server === null ? "" : `${data.server.name} ${data.server.version}, `}asked <Time iso={data.at} />
            </>
          )}
        </span>
      </div>
      <p className={classes["sub"]}>
        {data.runs}
        {isEnabled && isConfigured ? "" : ` Turn ${title} on to ask for its tools.`}
      </p>
      <FormError error={refresh.error} />
      <Group title="Changed since they were accepted" tools={of("changed")} id={id}>
        They are held back: nobody can call them before you have looked at what is different.
      </Group>
      <Group title="New" tools={of("new")} id={id}>
        What the server says about a tool is its own word. Say yourself what it does.
      </Group>
      <Group title="Not offered any more" tools={of("gone")} id={id} />
      <Group title="Accepted" tools={of("accepted")} id={id} />
    </div>
  );
}

function useKeep(id: string): (tools: McpTools) => void {
  const client = useQueryClient();
  return (tools) => {
    client.setQueryData(callKey("mcpConnectors.tools", { params: { id } }), tools);
    void renewOwn(client, id);
  };
}

/** "2 changed, 1 new" */
export function foundText({ tools }: Pick<McpTools, "tools">): string {
  const words = { changed: "changed", new: "new", gone: "not offered any more" } as const;
  const parts = Object.entries(words).flatMap(([state, word]) => {
    const count = tools.filter((one) => one.state === state).length;
    return count === 0 ? [] : [`${String(count)} ${word}`];
  });
  return parts.length === 0 ? "Nothing has changed" : parts.join(", ");
}

interface GroupProps {
  title: string;
  tools: readonly McpToolView[];
  id: string;
  children?: string;
}

function Group({ title, tools, id, children }: GroupProps) {
  if (tools.length === 0) return null;
  return (
    <Section title={title} aside={<span className={classes["sub"]}>{tools.length}</span>}>
      <div className={classes["parts"]}>
        {children === undefined ? null : <Notice tone={title === "New" ? "info" : "warn"}>{children}</Notice>}
        <ul role="list" className={classes["changes"]} aria-label={title}>
          {tools.map((tool) => (
            <ToolRow key={`${tool.tool} ${tool.offered?.hash ?? ""}`} tool={tool} id={id} />
          ))}
        </ul>
      </div>
    </Section>
  );
}

function ToolRow({ tool, id }: { tool: McpToolView; id: string }) {
  const { state, offered, accepted, suggestedEffect } = tool;
  const keep = useKeep(id);
  const [effect, setEffect] = useState<Effect>(accepted?.effect ?? suggestedEffect);
  const facts = offered ?? accepted;
  const accept = useMutation({
    mutationFn: (isKept: boolean) =>
      call("mcpConnectors.accept", {
        params: { id },
        body:
          isKept && facts !== null
            ? { tools: [{ tool: tool.tool, hash: facts.hash, effect, isToPeople: accepted?.isToPeople ?? false }] }
            : { tools: [], drop: [tool.tool] },
      }),
    onSuccess: keep,
  });
  if (facts === null) return null;
  const isSame = state === "accepted" && effect === accepted?.effect;
  return (
    <li className={classes["tool"]}>
      <span className={classes["heading"]}>{nameOf(facts)}</span>
      {tool.changes.length === 0 ? (
        <span className={classes["sub"]}>{facts.description}</span>
      ) : (
        <Changes tool={tool} />
      )}
      {state === "gone" ? null : <EffectChoice facts={facts} effect={effect} onChange={setEffect} />}
      <FormError error={accept.error} />
      <div className={classes["buttons"]}>
        {state === "gone" || isSame ? null : (
          <Button
            variant={state === "accepted" ? "default" : "filled"}
            loading={accept.isPending}
            aria-label={`${acceptWords[state]}: ${tool.tool}`}
            onClick={() => {
              accept.mutate(true);
            }}
          >
            {acceptWords[state]}
          </Button>
        )}
        {accepted === null ? null : (
          <Button
            aria-label={`Take out: ${tool.tool}`}
            onClick={() => {
              accept.mutate(false);
            }}
          >
            Take out
          </Button>
        )}
      </div>
    </li>
  );
}

const acceptWords = { accepted: "Save", changed: "Accept it as it is now", new: "Accept", gone: "Accept" } as const;

const partWords = { title: "Title", description: "Description", input: "Parameters", hints: "What it says it does" };

/** Each part as it was accepted, and as it is offered. */
function Changes({ tool: { changes, offered, accepted } }: { tool: McpToolView }) {
  if (offered === null || accepted === null) return null;
  return (
    <>
      {changes.map((part) => (
        <div key={part} className={classes["split"]} role="group" aria-label={partWords[part]}>
          <div className={classes["parts"]}>
            <span className={classes["sub"]}>{partWords[part]} as accepted</span>
            <Part value={accepted[part]} label={`${partWords[part]} as accepted`} />
          </div>
          <div className={classes["parts"]}>
            <span className={classes["sub"]}>{partWords[part]} now</span>
            <Part value={offered[part]} label={`${partWords[part]} now`} />
          </div>
        </div>
      ))}
    </>
  );
}

function Part({ value, label }: { value: unknown; label: string }) {
  if (typeof value === "string") return <p className={classes["said"]}>{value === "" ? "nothing" : value}</p>;
  return <JsonText value={value} label={label} />;
}
