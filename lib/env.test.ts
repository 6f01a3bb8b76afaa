import { describe, expect, test } from "vitest";

import { AppError } from "./app-error.ts";
import { parseEnv } from "./env.ts";

function failure(variables: Record<string, string>): AppError {
  try {
    parseEnv(variables, "/srv/portos");
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("the environment was accepted");
}

describe("parseEnv", () => {
  test("nothing set gives the documented defaults", () => {
    const env = parseEnv({}, "/srv/portos");
    expect(env.ports).toEqual({
      server: 5554,
      ui: 5555,
      cdp: 5556,
      browserHealth: 5557,
      cos: 5558,
      autofixer: 5559,
      autofixerUi: 5560,
    });
    expect(env).toMatchObject({
      host: "0.0.0.0",
      dataDir: "/srv/portos/data",
      cdpHost: "127.0.0.1",
      nodeEnv: "production",
      logLevel: "info",
    });
  });

  test("the base port moves all seven ports, CDP_PORT only its own", () => {
    expect(parseEnv({ PORTOS_BASE_PORT: "7000" }, "/x").ports).toEqual({
      server: 7000,
      ui: 7001,
      cdp: 7002,
      browserHealth: 7003,
      cos: 7004,
      autofixer: 7005,
      autofixerUi: 7006,
    });
    expect(parseEnv({ CDP_PORT: "9222" }, "/x").ports).toMatchObject({ cdp: 9222, browserHealth: 5557 });
  });

  test("every wrong variable is named with its rule, unknown ones too", () => {
    const { issues } = failure({
      PORTOS_BASE_PORT: "80",
      PORTOS_DATADIR: "x",
      PORTOS_LOG_LEVEL: "loud",
      CDP_HOST: "0.0.0.0",
    });
    expect(issues?.map(({ path }) => path).toSorted()).toEqual([
      "CDP_HOST",
      "PORTOS_BASE_PORT",
      "PORTOS_DATADIR",
      "PORTOS_LOG_LEVEL",
    ]);
  });

  test.each(["abc", "80", "7000.5", "65530"])("the base port %s is refused with the range", (text) => {
    expect(failure({ PORTOS_BASE_PORT: text }).message).toContain("must be a whole number from 1024 to 65529");
  });

  test("two data folders have two state folders", () => {
    const one = parseEnv({ PORTOS_DATA_DIR: "/tmp/a" }, "/x").stateDir;
    expect(parseEnv({ PORTOS_DATA_DIR: "/tmp/b" }, "/x").stateDir).not.toBe(one);
    expect(parseEnv({ PORTOS_DATA_DIR: "/tmp/a" }, "/y").stateDir).toBe(one);
  });
});
