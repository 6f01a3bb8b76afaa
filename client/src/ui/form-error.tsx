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
  const others = issues.filter(({ path }) => !shown.includes(path.replace(/^(?:body|query|params)\./, "")));
  return (
    <div className={classes["error"]} role="alert">
      <p>{sentences(errorMessage(error), error instanceof ApiError ? error.hint : null)}</p>
      {others.length === 0 ? null : (
        <ul>
          {others.map(({ path, message }) => (
            <li key={path + message}>
              {path}: {message}
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
