import { sentences } from "../../../contract/sentences.ts";
import { ApiError, errorMessage } from "../lib/api-error.ts";
import { CopyText } from "./copy-text.tsx";
import classes from "./form-error.module.css";

/**
 * What is wrong with a form as a whole. Errors of single fields belong to the fields: `error={errors["name"]}` with
 * `const errors = fieldErrors(mutation.error)`; paths in `shown` are left out here.
 */
export function FormError({ error, shown = [] }: { error: unknown; shown?: readonly string[] }) {
  if (error === null || error === undefined) return null;
  const issues = error instanceof ApiError ? error.issues : [];
  const others = issues.filter(({ path }) => !shown.includes(withoutPart(path)));
  return (
    <div className={classes["error"]} role="alert">
      <p>{sentences(leadOf(error, others.length), error instanceof ApiError ? error.hint : null)}</p>
      {others.length === 0 ? null : (
        <ul>
          {others.map(({ path, message }) => (
            <li key={path + message}>
              {pathInWords(path)}: {message}
            </li>
          ))}
        </ul>
      )}
      {error instanceof ApiError && error.correlationId !== null && issues.length === 0 ? (
        <CopyText text={error.correlationId} />
      ) : null}
    </div>
  );
}

function withoutPart(path: string): string {
  return path.replace(/^(?:body|query|params)\./, "");
}

/** "body.action.steps.0.params.payload.text" → "step 1, payload.text". */
function pathInWords(path: string): string {
  return withoutPart(path).replace(
    /^action\.steps\.(\d+)\.(?:params\.)?/,
    (_found, index: string) => `step ${String(Number(index) + 1)}, `,
  );
}

/** What the server says of the whole; a message that only repeats its first issue is left to the field or the list. */
function leadOf(error: unknown, others: number): string {
  const message = errorMessage(error);
  const [first] = error instanceof ApiError ? error.issues : [];
  if (first === undefined || message !== `${first.path}: ${first.message}`) return message;
  return others === 0 ? "Correct the fields that are marked" : "This is not right yet:";
}
