import { Button, Checkbox, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import type { ConnectorDraft } from "../../../../contract/features/custom-connectors.ts";
import { effectWords } from "../../lib/gateway-words.ts";
import { Notice } from "../../ui/notice.tsx";
import type { Values } from "../../ui/schema-form/schema-values.ts";
import classes from "./connectors.module.css";

interface ChooseOperationsProps {
  draft: ConnectorDraft;
  onDraft: (draft: Values) => void;
}

/** Lets one choose what of a draft becomes a connector, and change what is asked of a GraphQL service. */
export function ChooseOperations({ draft, onDraft }: ChooseOperationsProps) {
  const { operations: offered, warnings, ...rest } = draft;
  const [operations, setOperations] = useState(offered);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(operations.filter(({ effect }) => effect === "read").map(({ name }) => name)),
  );
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = operations.filter(({ name, title, path }) => `${name} ${title} ${path}`.toLowerCase().includes(wanted));
  const choose = (names: readonly string[], isChosen: boolean): void => {
    const next = new Set(chosen);
    for (const name of names) {
      if (isChosen) next.add(name);
      else next.delete(name);
    }
    setChosen(next);
  };
  const names = shown.map(({ name }) => name);
  return (
    <div className={classes["form"]}>
      {warnings.length === 0 ? null : <Warnings warnings={warnings} />}
      <TextInput
        label={`Operations of ${draft.title}`}
        placeholder="Find an operation"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      <div className={classes["buttons"]}>
        <Button
          onClick={() => {
            choose(names, true);
          }}
        >
          Choose these
        </Button>
        <Button
          onClick={() => {
            choose(names, false);
          }}
        >
          Choose none of these
        </Button>
        <span className={classes["sub"]} role="status">
          {`${String(chosen.size)} of ${String(operations.length)} chosen`}
        </span>
      </div>
      <div className={classes["choices"]}>
        {shown.map((operation) => (
          <div key={operation.name} className={classes["choice"]}>
            <Checkbox
              label={operation.title}
              description={`${effectWords[operation.effect]} · ${wayOf(operation)}`}
              checked={chosen.has(operation.name)}
              onChange={(event) => {
                choose([operation.name], event.currentTarget.checked);
              }}
            />
            {operation.body.kind === "graphql" && chosen.has(operation.name) ? (
              <QueryField
                operation={operation}
                onChange={(query) => {
                  setOperations(operations.map((one) => (one === operation ? withQuery(one, query) : one)));
                }}
              />
            ) : null}
          </div>
        ))}
      </div>
      <div>
        <Button
          variant="filled"
          disabled={chosen.size === 0}
          onClick={() => {
            onDraft({ ...rest, operations: operations.filter(({ name }) => chosen.has(name)) });
          }}
        >
          Go on
        </Button>
      </div>
    </div>
  );
}

type Operation = ConnectorDraft["operations"][number];

/** "GET /issues", "mutation" */
function wayOf({ method, path, body }: Operation): string {
  if (body.kind !== "graphql") return `${method} ${path}`;
  return body.query.startsWith("mutation") ? "mutation" : "query";
}

function withQuery(operation: Operation, query: string): Operation {
  const { body } = operation;
  return body.kind === "graphql" ? { ...operation, body: { ...body, query } } : operation;
}

function QueryField({ operation, onChange }: { operation: Operation; onChange: (query: string) => void }) {
  return (
    <details className={classes["fold"]}>
      <summary className={classes["sub"]}>What is asked for</summary>
      <Textarea
        aria-label={`Query of ${operation.title}`}
        description="GraphQL. Variables are the parameters; what is in braces comes back."
        autosize
        minRows={3}
        maxRows={20}
        spellCheck={false}
        classNames={{ input: "mono" }}
        value={operation.body.kind === "graphql" ? operation.body.query : ""}
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
    </details>
  );
}

function Warnings({ warnings }: Pick<ConnectorDraft, "warnings">) {
  return (
    <Notice tone="warn">
      <p>Not everything could be taken over:</p>
      <ul className={classes["problems"]}>
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Notice>
  );
}
