import { z } from "zod";

/** Where the next page of a history begins: the `next` of the page before it. */
export const pageCursorSchema = z
  .string()
  .max(40, "must be the cursor of a page")
  .regex(/^\d{1,12}:\d{1,15}$/, "must be the cursor of a page");
