import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import { placesIn } from "./fill-params.ts";
import { maxResultBytes, maxRunBytes, type StepMemory } from "./step-memory.ts";

const mebibytes = (bytes: number): string => `${String(bytes / 1024 / 1024)} MiB`;

/** What a step says that was made and whose result is not there for later ones. */
export const notKept = {
  message: "What it gave is too large to be kept",
  hint: `${mebibytes(maxResultBytes)} of one step and ${mebibytes(maxRunBytes)} of all steps of a run together are kept.`,
};

/** Why a step with these arguments cannot be made: it reads what was too large to be kept. `null` when it does not. */
export function readsNotKept(params: unknown, { steps, results }: StepMemory): GatewayError | null {
  const read = placesIn(params).flatMap((place) => place.steps);
  const number = read.find((one) => results[one - 1]?.isTooLarge === true);
  if (number === undefined) return null;
  const { connector = "", operation = "" } = steps[number - 1] ?? {};
  return new GatewayError(
    "too_large",
    `It uses what step ${String(number)} (${connector} ${operation}) gave, and that was too large to be kept`,
    {
      hint: `Ask for less in step ${String(number)} or in those before it, or make two automations of it: ${notKept.hint}`,
      isFinal: true,
    },
  );
}
