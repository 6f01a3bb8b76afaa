import type { ConnectorAction } from "../../../contract/features/automation-connectors.ts";
import type { Schedule } from "../../../contract/features/automation-schedules.ts";
import { issuesOf, strictInput } from "../../connectors/framework/prepare-call.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { type FillIssue, placeIssues, placesIn } from "./fill-params.ts";
import { triggerIssues } from "./trigger-places.ts";

/** What of the steps can never work: no such operation, places that read nothing, arguments that are wrong whatever places become. */
export function stepIssues(
  { steps }: ConnectorAction,
  schedule: Schedule,
  connectors: Pick<AutomationConnectors, "find">,
): FillIssue[] {
  return steps.flatMap(({ connector: id, operation: name, params }, index): FillIssue[] => {
    const at = `steps.${index}`;
    const connector = connectors.find(id);
    if (!connector) return [{ path: `${at}.connector`, message: "is not a connector there is" }];
    const operation = Object.hasOwn(connector.operations, name) ? connector.operations[name] : undefined;
    if (!operation) return [{ path: `${at}.operation`, message: `is not an operation of ${connector.title}` }];
    const below = ({ path, message }: FillIssue): FillIssue => ({
      path: path === "" ? `${at}.params` : `${at}.params.${path}`,
      message,
    });
    const unreadable = placeIssues(params, index + 1);
    const empty = unreadable.length > 0 ? [] : triggerIssues(params, schedule);
    return [...unreadable, ...empty, ...valueIssues(strictInput(operation), params)].map(below);
  });
}

/** What is wrong with the arguments that hold no place. */
function valueIssues(schema: ReturnType<typeof strictInput>, params: Record<string, unknown>): FillIssue[] {
  const parsed = schema.safeParse(params);
  if (parsed.success) return [];
  const open = placesIn(params).map(({ path }) => path);
  return issuesOf(parsed.error, "")
    .map(({ path, message }) => ({ path: path.replace(/^\./, ""), message }))
    .filter(({ path }) => !open.some((place) => isWithin(place, path) || isWithin(path, place)));
}

function isWithin(path: string, other: string): boolean {
  return other === "" || path === other || path.startsWith(`${other}.`);
}
