import { compile } from "@jmespath-community/jmespath";

import { searchJson } from "../../../lib/search-json.ts";

/** What places may name: `trigger`, and `step1`, `step2` … for the steps before. */
export type StepValues = Readonly<Record<string, unknown>>;

export interface FillIssue {
  /** Of the argument: "payload.title". */
  path: string;
  message: string;
}

interface Place {
  path: string;
  expression: string;
  /** Numbers of the steps it reads. */
  steps: number[];
}

const places = /\{\{(.*?)\}\}/gs;
const onlyPlace = /^\s*\{\{((?:(?!\}\}).)*)\}\}\s*$/s;
const quoted = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
const longestShown = 60;
const stepName = /(?<![\w.])step(\d+)(?!\w)/g;

/** Every place in the texts of arguments. */
export function placesIn(params: unknown, path = ""): Place[] {
  if (typeof params === "string")
    return [...params.matchAll(places)].map(([, inner = ""]) => {
      const expression = inner.trim();
      const steps = [...expression.replaceAll(quoted, "").matchAll(stepName)].map(([, number]) => Number(number));
      return { path, expression, steps };
    });
  if (typeof params !== "object" || params === null) return [];
  return Object.entries(params).flatMap(([name, value]) => placesIn(value, path === "" ? name : `${path}.${name}`));
}

/** Texts in which a place is begun and never ended: they would be sent as they are. */
function openPlaces(params: unknown, path = ""): FillIssue[] {
  if (typeof params === "string") {
    const rest = params.replaceAll(places, "");
    const at = rest.indexOf("{{");
    if (at === -1) return [];
    const begun = rest.slice(at, at + longestShown).trim();
    return [{ path, message: `begins a place and does not end it with }}: ${begun}` }];
  }
  if (typeof params !== "object" || params === null) return [];
  return Object.entries(params).flatMap(([name, value]) => openPlaces(value, path === "" ? name : `${path}.${name}`));
}

/**
 * Places that can never be filled: one that does not end, no expression, or one that reads its own step or a later one. `own` counts
 * from 1.
 */
export function placeIssues(params: unknown, own: number): FillIssue[] {
  return [...openPlaces(params), ...filledIssues(params, own)];
}

function filledIssues(params: unknown, own: number): FillIssue[] {
  return placesIn(params).flatMap(({ path, expression, steps }) => {
    const later = steps.find((step) => step >= own || step < 1);
    if (later === own)
      return [{ path, message: `reads step ${own} itself in {{ ${expression} }}: only earlier steps can be read` }];
    if (later !== undefined)
      return [{ path, message: `reads step ${later} in {{ ${expression} }}: only earlier steps can be read` }];
    try {
      compile(expression);
      return [];
    } catch (error) {
      return [{ path, message: `has a place that cannot be read: {{ ${expression} }} (${wordsOf(error)})` }];
    }
  });
}

/**
 * Arguments with their values. A text that is nothing but a place becomes the value itself, and is left out when there is none;
 * within other text a value that is missing is an issue, because an empty message would be sent without a word.
 */
export function fillParams(
  params: Readonly<Record<string, unknown>>,
  values: StepValues,
): { params: Record<string, unknown>; issues: FillIssue[] } {
  const issues: FillIssue[] = [];

  function valueOf(expression: string, path: string): unknown {
    try {
      return searchJson(expression, values);
    } catch (error) {
      issues.push({ path, message: `{{ ${expression} }} cannot be worked out: ${wordsOf(error)}` });
      return null;
    }
  }

  function fillText(text: string, path: string): unknown {
    const only = onlyPlace.exec(text)?.[1]?.trim();
    if (only !== undefined) return valueOf(only, path) ?? undefined;
    return text.replace(places, (_found, inner: string) => {
      const expression = inner.trim();
      const before = issues.length;
      const value = valueOf(expression, path);
      if (value === null && issues.length === before)
        issues.push({ path, message: `{{ ${expression} }} has no value; {{ ${expression} || '' }} allows that` });
      return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
    });
  }

  function fill(value: unknown, path: string): unknown {
    const below = (name: string): string => (path === "" ? name : `${path}.${name}`);
    if (typeof value === "string") return fillText(value, path);
    if (Array.isArray(value))
      return value.map((entry, index) => fill(entry, below(String(index)))).filter((entry) => entry !== undefined);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([name, entry]) => [name, fill(entry, below(name))] as const);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
  }

  return { params: fill(params, "") as Record<string, unknown>, issues };
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}
