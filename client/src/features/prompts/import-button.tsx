import { Button, FileButton } from "@mantine/core";
import { useState } from "react";

import type { PromptImportOutcome } from "../../../../contract/features/prompts.ts";
import { call } from "../../lib/api.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { IconUpload } from "../../ui/icons.gen.ts";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { sayImported } from "./prompt-calls.ts";
import classes from "./prompts.module.css";

interface ImportFile {
  name: string;
  text: string;
}

type Decision = "replace" | "copy" | "skip";

/** Takes Markdown files and bundles in; what clashes is asked, one by one, before anything of it is stored. */
export function ImportButton() {
  const [files, setFiles] = useState<ImportFile[]>([]);
  const [conflicts, setConflicts] = useState<PromptImportOutcome[]>([]);
  const [decisions, setDecisions] = useState<Record<string, Decision>>({});

  async function send(taken: ImportFile[], made: Record<string, Decision>): Promise<void> {
    await withErrorToast("Could not import", async () => {
      const { results } = await call("prompts.import", { body: { files: taken, decisions: made } });
      sayImported(results.filter(({ outcome }) => outcome !== "conflict"));
      setFiles(taken);
      setDecisions({});
      setConflicts(results.filter(({ outcome }) => outcome === "conflict"));
    });
  }

  return (
    <>
      <FileButton
        multiple
        accept=".md,.markdown,.txt,.json"
        onChange={(chosen) => {
          void Promise.all(chosen.map(async (file) => ({ name: file.name, text: await file.text() }))).then((taken) =>
            send(taken, {}),
          );
        }}
      >
        {(props) => (
          <Button {...props} leftSection={<IconUpload size={14} />}>
            Import
          </Button>
        )}
      </FileButton>
      <SideSheet
        title="Some are here already"
        isOpen={conflicts.length > 0}
        onClose={() => {
          setConflicts([]);
        }}
      >
        <ul className={classes["conflicts"]}>
          {conflicts.map(({ id, title }) => (
            <li key={id}>
              <span className={classes["conflictName"]}>
                {title} <span className="mono dim">{id}</span>
              </span>
              <span className={classes["choices"]} role="group" aria-label={`What to do with ${title}`}>
                {(["replace", "copy", "skip"] as const).map((decision) => (
                  <Button
                    key={decision}
                    variant={decisions[id] === decision ? "filled" : "default"}
                    aria-pressed={decisions[id] === decision}
                    onClick={() => {
                      setDecisions({ ...decisions, [id]: decision });
                    }}
                  >
                    {{ replace: "As a new version", copy: "As another prompt", skip: "Leave out" }[decision]}
                  </Button>
                ))}
              </span>
            </li>
          ))}
        </ul>
        <Button
          variant="filled"
          disabled={conflicts.some(({ id }) => decisions[id] === undefined)}
          onClick={() => void send(files, decisions)}
        >
          Import
        </Button>
      </SideSheet>
    </>
  );
}
