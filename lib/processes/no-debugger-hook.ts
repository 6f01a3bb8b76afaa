/**
 * Loaded into the PM2 daemon with `--require`. Node opens its debugger to this machine when it gets SIGUSR1, which any
 * program of the user may send: whoever speaks to the debugger runs code in here, as the parent of all processes.
 */
export const noDebuggerHook = `"use strict";
process.on("SIGUSR1", () => undefined);
`;
