import { brokenRule, type PromptIssue, type PromptVariable } from "../../../contract/features/prompts.ts";
import { promptValueOf } from "../../../contract/prompt-text.ts";
import type { StoredPrompt } from "./prompt-folder.ts";
import type { TemplateFacts } from "./template.ts";

/** A template as it is looked at: stored, or still in an editor. */
export interface Template {
  /** `null` for one that was never stored. */
  id: string | null;
  body: string;
  variables: readonly PromptVariable[];
  facts: TemplateFacts;
}

/** A template together with all it includes. */
export interface WholeTemplate {
  /** Its own variables, then those of what it includes; the first of a name counts. */
  variables: PromptVariable[];
  /** Every prompt it includes, itself or through others, in order of first mention. */
  includes: string[];
  issues: PromptIssue[];
}

/** Follows what a template includes. Loops, missing prompts and variables that nobody declared are issues. */
export function wholeTemplate(root: Template, get: (id: string) => StoredPrompt | null): WholeTemplate {
  const variables = new Map(root.variables.map((variable) => [variable.name, variable]));
  const included = new Map<string, StoredPrompt>();
  const issues: PromptIssue[] = [];
  if (root.facts.problem !== null) issues.push({ rule: "syntax", name: null, message: root.facts.problem });

  function follow(includes: readonly string[], path: readonly string[]): void {
    for (const id of includes) {
      if (path.includes(id)) {
        const loop = [...path.slice(path.indexOf(id)), id].join(" → ");
        if (!issues.some(({ rule }) => rule === "loop"))
          issues.push({ rule: "loop", name: id, message: `Prompts include each other in a circle: ${loop}` });
        continue;
      }
      if (included.has(id)) continue;
      const prompt = get(id);
      if (prompt === null) {
        if (!issues.some(({ rule, name }) => rule === "no-such-prompt" && name === id))
          issues.push({ rule: "no-such-prompt", name: id, message: `There is no prompt ${id} to include` });
        continue;
      }
      included.set(id, prompt);
      for (const variable of prompt.input.variables)
        if (!variables.has(variable.name)) variables.set(variable.name, variable);
      follow(prompt.facts.includes, [...path, id]);
    }
  }
  follow(root.facts.includes, root.id === null ? [] : [root.id]);

  for (const name of root.facts.names)
    if (!variables.has(name))
      issues.push(undeclared(name, `The text uses {{${name}}}, which is not one of its variables`));
  for (const [id, prompt] of included)
    for (const name of prompt.facts.names)
      if (!variables.has(name))
        issues.push(undeclared(name, `The included prompt ${id} uses {{${name}}}, which nobody declares`));
  return { variables: [...variables.values()], includes: [...included.keys()], issues };
}

function undeclared(name: string, message: string): PromptIssue {
  return { rule: "not-declared", name, message };
}

/** The value of every variable: as given, else its default, else nothing. What is missing or wrong is told by name and rule. */
export function fillValues(
  variables: readonly PromptVariable[],
  given: Readonly<Record<string, unknown>>,
): { values: Map<string, unknown>; issues: PromptIssue[] } {
  const values = new Map<string, unknown>();
  const issues: PromptIssue[] = [];
  for (const variable of variables) {
    const { name } = variable;
    const own = Object.hasOwn(given, name) ? given[name] : null;
    const value = promptValueOf(variable.type, own) ?? variable.default;
    if (value === null || (variable.isRequired && isEmpty(value))) {
      if (variable.isRequired) issues.push({ rule: "missing", name, message: `${name} is missing` });
      else values.set(name, emptyValue(variable));
      continue;
    }
    // an empty text is how a form leaves a choice out
    const rule = !variable.isRequired && value === "" ? null : brokenRule(variable, value);
    if (rule === null) values.set(name, value);
    else issues.push({ rule: "wrong-type", name, message: `${name} ${rule}` });
  }
  const known = new Set(variables.map(({ name }) => name));
  for (const name of Object.keys(given))
    if (!known.has(name))
      issues.push({ rule: "unknown-value", name, message: `${name} is not a variable of this prompt` });
  return { values, issues };
}

function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}

function emptyValue({ type }: PromptVariable): unknown {
  if (type === "list") return [];
  return type === "yes-no" ? false : "";
}
