import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Variable } from "../../../../contract/features/variables.ts";
import { toVariableInputs, toVariableRows, VariablesEditor } from "../../ui/variables-editor.tsx";
import { joinCommand, type ProgramDraft, splitCommand } from "./provider-draft.ts";
import classes from "./providers.module.css";

interface ProgramFieldsProps {
  draft: ProgramDraft;
  kept: readonly Variable[];
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<ProgramDraft>) => void;
}

const agents = [
  { value: "claude", label: "Claude Code" },
  { value: "codex", label: "Codex" },
  { value: "gemini", label: "Gemini CLI" },
  { value: "opencode", label: "OpenCode" },
  { value: "cursor", label: "Cursor Agent" },
  { value: "qwen", label: "Qwen Code" },
  { value: "goose", label: "Goose" },
  { value: "junie", label: "Junie" },
  { value: "custom", label: "Another program" },
];

/** Which program it is, how it is started and what it is given. */
export function ProgramFields({ draft, kept, errors, onChange }: ProgramFieldsProps) {
  const [line, setLine] = useState(() => joinCommand(draft.command));
  return (
    <>
      <div className={classes["pair"]}>
        <NativeSelect
          label="Program"
          data={agents}
          value={draft.agent}
          error={errors["agent"]}
          onChange={(event) => {
            onChange({ agent: event.currentTarget.value as ProgramDraft["agent"] });
          }}
        />
        <NativeSelect
          label="How it is run"
          data={[
            { value: "acp", label: "Agent Client Protocol" },
            { value: "cli", label: "Headless" },
          ]}
          value={draft.type}
          onChange={(event) => {
            onChange({ type: event.currentTarget.value === "acp" ? "acp" : "cli" });
          }}
        />
      </div>
      <p className={classes["sub"]}>
        With the protocol it asks you before it acts. Headless it cannot ask: what it would have to ask for is refused.
        A program whose output PortOS cannot read runs in a terminal then.
      </p>
      <TextInput
        label="Command"
        description={
          draft.agent === "custom"
            ? "Program and arguments. It is started without a shell."
            : "Leave it empty for the known one; else program and arguments, started without a shell."
        }
        classNames={{ input: "mono" }}
        placeholder={draft.agent === "custom" ? "/usr/local/bin/my-agent --quiet" : draft.agent}
        value={line}
        error={errors["command"] ?? errors["command.0"]}
        onChange={(event) => {
          setLine(event.currentTarget.value);
          onChange({ command: splitCommand(event.currentTarget.value) });
        }}
      />
      <ProgramVariables draft={draft} kept={kept} errors={errors} onChange={onChange} />
    </>
  );
}

function ProgramVariables({ draft, kept, errors, onChange }: ProgramFieldsProps) {
  const [rows, setRows] = useState(() =>
    toVariableRows(
      draft.environment.map(({ name, value, isSecret }) => {
        const last4 = kept.find((entry) => entry.name === name)?.last4 ?? null;
        return { name, value: value ?? null, isSecret, last4 };
      }),
    ),
  );
  return (
    <div className={classes["group"]} role="group" aria-label="Variables">
      <p className={classes["sub"]}>Variables it gets, a key for example. A secret is stored sealed.</p>
      <VariablesEditor
        rows={rows}
        errorOf={(index) =>
          Object.entries(errors).find(([path]) => path.startsWith(`environment.${String(index)}.`))?.[1]
        }
        onChange={(next) => {
          setRows(next);
          onChange({ environment: toVariableInputs(next) });
        }}
      />
    </div>
  );
}
