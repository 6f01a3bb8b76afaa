import { findProgram } from "./find-program.ts";

/**
 * Variables the C library itself follows in every program it starts, before the first line of that program: libraries,
 * converters and tables to load, and files to write (ld.so(8), the list glibc keeps from programs with other rights in
 * `unsecvars.h`, and musl's own). `NODE_OPTIONS`, `BASH_ENV`, `PYTHONPATH` and their like are none: they act on one
 * program only, which is the one that was asked for.
 */
const pattern =
  /^(?:LD_.*|MALLOC_.*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LANGUAGE|LOCALDOMAIN|(?:MUSL_)?LOCPATH|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TZDIR)$/;

/** A program about to be started. */
interface Program {
  file: string;
  args: string[];
}

/** A program and the environment it is started in. */
export interface HeldBack {
  program: Program;
  environment: Record<string, string>;
}

/**
 * The same program and environment, but what decides what is loaded reaches the program alone: programs it is started
 * through (a sandbox, what brands it) start without, or they would load what an agent has named before they did their
 * part. It is given by `env`, as arguments, which all users of the machine can read: so only these, which are no secrets.
 * Where there is no `env`, they are left out.
 */
export function holdBackLoaderVariables({ program, environment }: HeldBack): HeldBack {
  const all = Object.entries(environment);
  const held = all.filter(([name]) => pattern.test(name)).map(([name, value]) => `${name}=${value}`);
  if (held.length === 0) return { program, environment };
  const rest = Object.fromEntries(all.filter(([name]) => !pattern.test(name)));
  const env = findProgram("env", "/", process.env["PATH"]);
  if (env === null) return { program, environment: rest };
  // It takes whatever has a "=" in it for a variable.
  const command = program.file.includes("=") ? ["/bin/sh", "-c", 'exec "$@"', "sh", program.file] : [program.file];
  return { program: { file: env, args: ["--", ...held, ...command, ...program.args] }, environment: rest };
}
