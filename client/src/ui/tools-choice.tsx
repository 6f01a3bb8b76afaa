import { NativeSelect } from "@mantine/core";
import { useState } from "react";

import type { McpRights } from "../../../contract/features/mcp.ts";
import { noRights, readingRights, rightsKind, rightsText, startRights, type RightsKind } from "../lib/rights-words.ts";
import { RightsFields } from "./rights-fields.tsx";
import classes from "./rights-fields.module.css";

interface ToolsChoiceProps {
  /** `null`: nobody has chosen, and what stands above it counts. */
  value: McpRights | null;
  /** What counts then: "As its provider may". */
  inherited: string;
  onChange: (rights: McpRights | null) => void;
}

/** Which tools of PortOS an agent gets. It can only be less than what is allowed above it. */
export function ToolsChoice({ value, inherited, onChange }: ToolsChoiceProps) {
  const [isOpen, setIsOpen] = useState(false);
  const known = rightsKind(value);
  const kind = isOpen && value !== null ? "chosen" : known;
  return (
    <div className={classes["choice"]}>
      <NativeSelect
        label="Tools of PortOS"
        description={
          value === null
            ? "Connectors, apps, logs. The most that runs may use is set under Connectors, MCP."
            : `At most: ${rightsText(value)}`
        }
        data={[
          { value: "inherited", label: inherited },
          { value: "none", label: "None" },
          { value: "reading", label: "Reading only" },
          { value: "chosen", label: "Chosen" },
        ]}
        value={kind}
        onChange={(event) => {
          const next = event.currentTarget.value as RightsKind;
          setIsOpen(next === "chosen");
          if (next === "inherited") onChange(null);
          else if (next === "none") onChange(noRights);
          else if (next === "reading") onChange(readingRights);
          else onChange(value === null || known === "none" ? startRights : value);
        }}
      />
      {kind === "chosen" && value !== null ? <RightsFields rights={value} onChange={onChange} /> : null}
    </div>
  );
}
