import { ValueField } from "../features/prompts/value-field.tsx";
import { AgentsPage } from "../features/runs/agents-page.tsx";

/** Runs, which may start from prompts: their variables are asked for as the editor of prompts does. */
export function AgentsRoute() {
  return <AgentsPage valueField={ValueField} />;
}
