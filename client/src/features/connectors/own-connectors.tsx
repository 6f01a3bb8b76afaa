import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { IconPlus } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./connectors.module.css";
import { ModuleSheet } from "./module-view.tsx";
import { isMcp, useOwnFiles, useOwnModules } from "./own-calls.ts";
import { OwnSheet } from "./own-sheet.tsx";

/** Connectors of one's own: what is wrong with their files, what waits to be accepted, and the way to a new one. `?own=new` opens the form. */
export function OwnConnectors({ children }: { children: ReactNode }) {
  const files = useOwnFiles().data ?? [];
  const [search, setSearch] = useSearchState();
  const modules = (useOwnModules().data ?? []).filter(({ state, failure }) => state !== "accepted" || failure !== null);
  const broken = files.filter(({ problems }) => problems.length > 0);
  return (
    <Section
      title="Your own"
      actions={
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            setSearch({ own: "new" }, { push: true });
          }}
        >
          Add a connector of your own
        </Button>
      }
    >
      <div className={classes["parts"]}>
        <p className={classes["sub"]}>
          Any service becomes a connector: from its OpenAPI document, from a GraphQL service, from an MCP server, by
          hand, or as a program of your own. It is kept as a file in <code>data/connectors/</code>, which can be edited
          there, too.
        </p>
        {broken.map(({ file, problems }) => (
          <Notice key={file} tone="warn">
            <p>
              <code>{file}</code> is not used:
            </p>
            <ul className={classes["problems"]}>
              {problems.map(({ path, message }) => (
                <li key={path + message}>{path === "" ? message : `${path}: ${message}`}</li>
              ))}
            </ul>
          </Notice>
        ))}
        {files.map(({ definition }) =>
          definition !== null && isMcp(definition) ? (
            <ChangedTools key={definition.id} id={definition.id} title={definition.title} />
          ) : null,
        )}
        {modules.map(({ id, file, state, failure }) => (
          <Notice key={file} tone="warn">
            <p>
              <code>{file}</code> {waitingWords[state]}
              {failure === null ? "" : ` ${failure.message}`}
            </p>
            <Button
              aria-label={`Look at it: ${file}`}
              onClick={() => {
                setSearch({ module: id }, { push: true });
              }}
            >
              Look at it
            </Button>
          </Notice>
        ))}
        {children}
      </div>
      <OwnSheet
        isOpen={search["own"] === "new"}
        definition={null}
        onClose={() => {
          setSearch({ own: null });
        }}
      />
      <ModuleSheet
        id={search["module"] ?? null}
        onClose={() => {
          setSearch({ module: null });
        }}
      />
    </Section>
  );
}

/** Tools that are held back, and the way to look at them. */
function ChangedTools({ id, title }: { id: string; title: string }) {
  const tools = useQuery(callQuery("mcpConnectors.tools", { params: { id } })).data?.tools ?? [];
  const changed = tools.filter(({ state }) => state === "changed").length;
  if (changed === 0) return null;
  const words = changed === 1 ? "1 tool is" : `${String(changed)} tools are`;
  return (
    <Notice tone="warn">
      {title}: {words} described otherwise than accepted, and held back.{" "}
      <Link to="/connectors/$connectorId" params={{ connectorId: id }} search={{ tab: "tools" }}>
        Look at what has changed
      </Link>
    </Notice>
  );
}

const waitingWords = {
  accepted: "has ended by itself:",
  new: "is new, and does not run before you accept it.",
  changed: "has changed since it was accepted, and does not run before you accept it again.",
  failed: "cannot be used:",
};
