import { expect, test } from "vitest";

import { ApiError, isWrongAddress } from "./api-error.ts";

function refused(...paths: string[]): ApiError {
  const message = "must look like run-0123abcd4567";
  const issues = paths.map((path) => ({ path, message }));
  return new ApiError({ code: "invalid_request", message: `params.id: ${message}`, issues });
}

test("an address that names what cannot exist is told from other failures", () => {
  expect(isWrongAddress(refused("params.id"))).toBe(true);
  expect(isWrongAddress(refused("params.id", "query.limit"))).toBe(false);
  expect(isWrongAddress(refused())).toBe(false);
  expect(isWrongAddress(new ApiError({ code: "not_found", message: "There is no such run" }))).toBe(false);
  expect(isWrongAddress(new Error("params.id"))).toBe(false);
});
