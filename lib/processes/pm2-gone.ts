import { AppError } from "../app-error.ts";

/** The refusal of what needs PM2 while PM2 is not there: said before anything is ended for it. */
export function pm2Gone(cause?: unknown): AppError {
  return new AppError("unavailable", "PM2 of PortOS is not running", {
    hint: "Run npm start on the machine. What runs goes on until then.",
    ...(cause === undefined ? {} : { cause }),
  });
}
