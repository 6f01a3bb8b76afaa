import { Button } from "@mantine/core";

import { useSearchState } from "../../lib/search-state.ts";
import { IconPlus } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./connectors.module.css";
import { useOwnFiles } from "./own-calls.ts";
import { OwnSheet } from "./own-sheet.tsx";

/** Connectors made of data: what is wrong with their files, and the way to a new one. `?own=new` opens the form. */
export function OwnConnectors() {
  const files = useOwnFiles().data ?? [];
  const [search, setSearch] = useSearchState();
  const broken = files.filter(({ problems }) => problems.length > 0);
  return (
    <Section title="Your own">
      <div className={classes["parts"]}>
        <p className={classes["sub"]}>
          Any service with an HTTP interface becomes a connector, without a program: from its OpenAPI document, or by
          hand. It is kept as a file in <code>data/connectors/</code>, which can be edited there, too.
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
        <div>
          <Button
            leftSection={<IconPlus size={14} />}
            onClick={() => {
              setSearch({ own: "new" }, { push: true });
            }}
          >
            Add a connector of your own
          </Button>
        </div>
      </div>
      <OwnSheet
        isOpen={search["own"] === "new"}
        definition={null}
        onClose={() => {
          setSearch({ own: null });
        }}
      />
    </Section>
  );
}
