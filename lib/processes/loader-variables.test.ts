import { expect, test } from "vitest";

import { findProgram } from "./find-program.ts";
import { holdBackLoaderVariables } from "./loader-variables.ts";

const env = findProgram("env", "/", process.env["PATH"]);

test("what decides what is loaded is given to the program alone, everything else to all", () => {
  const environment = {
    PATH: "/bin",
    LD_PRELOAD: "/x.so",
    GCONV_PATH: "/y",
    NODE_OPTIONS: "--import /z.js",
    TOKEN: "t",
  };
  const held = holdBackLoaderVariables({ program: { file: "tool", args: ["-a"] }, environment });
  expect(held.environment).toEqual({ PATH: "/bin", NODE_OPTIONS: "--import /z.js", TOKEN: "t" });
  const args = ["--", "LD_PRELOAD=/x.so", "GCONV_PATH=/y", "tool", "-a"];
  expect(held.program).toEqual(env === null ? { file: "tool", args: ["-a"] } : { file: env, args });
});

test("a program without such variables stays as it is, whatever it is called", () => {
  const plain = { program: { file: "tool", args: ["LD_PRELOAD=/x.so"] }, environment: { OLD_PATH: "/x" } };
  expect(holdBackLoaderVariables(plain)).toEqual(plain);
});

test.runIf(env !== null)("a program with an equals sign in its path is no variable", () => {
  const program = { file: "/opt/a=b/tool", args: ["-a"] };
  const held = holdBackLoaderVariables({ program, environment: { LD_DEBUG: "all" } });
  expect(held.program.args.slice(-5)).toEqual(["-c", 'exec "$@"', "sh", "/opt/a=b/tool", "-a"]);
});
