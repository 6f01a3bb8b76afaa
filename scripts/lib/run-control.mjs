// Runs one command of the built control program without the bootstrap: node scripts/lib/run-control.mjs <command> [words]
import { runControl } from "../../dist/control.js";
import { root } from "./bootstrap.mjs";

const [command = "", ...words] = process.argv.slice(2);
process.exitCode = await runControl(root, command, words);
