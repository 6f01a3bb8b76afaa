import { expect, test } from "vitest";

import { childEnvironment } from "./child-environment.ts";

test("a child gets the machine's settings and nothing of ours", () => {
  const source = {
    PATH: "/bin",
    LC_ALL: "C",
    XDG_RUNTIME_DIR: "/run/user/0",
    PORTOS_BASE_PORT: "5554",
    PORT: "5554",
    NODE_ENV: "production",
    pm_id: "1",
    GITHUB_TOKEN: "secret",
    EMPTY: "",
  };
  expect(childEnvironment({ FOO: "1" }, source)).toEqual({
    PATH: "/bin",
    LC_ALL: "C",
    XDG_RUNTIME_DIR: "/run/user/0",
    FOO: "1",
  });
});
