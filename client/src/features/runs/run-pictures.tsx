import type { Run } from "../../../../contract/features/runs.ts";
import { url } from "../../lib/api.ts";
import classes from "./composer.module.css";

/** Pictures a run was given; each opens by itself. */
export function RunPictures({ run: { id, images = [] } }: { run: Pick<Run, "id" | "images"> }) {
  if (images.length === 0) return null;
  return (
    <div className={classes["given"]} role="group" aria-label="Pictures given along">
      {images.map(({ name }, index) => {
        const address = url("runs.image", { params: { id, number: index + 1 } });
        return (
          <a key={address} className={classes["picture"]} href={address} target="_blank" rel="noreferrer">
            <img src={address} alt={name} loading="lazy" />
          </a>
        );
      })}
    </div>
  );
}
