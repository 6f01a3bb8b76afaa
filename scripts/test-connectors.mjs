// npm run test:connectors [-- --folder=<folder>] [-- <part of a name>…]: tests of connectors of your own, with the kit of PortOS.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);
const wanted = words.find((word) => word.startsWith("--folder="))?.slice("--folder=".length);
const folder = resolve(wanted ?? join(resolve(root, process.env.PORTOS_DATA_DIR ?? "data"), "connectors"));

if (!existsSync(folder)) {
  console.error(`There is no folder ${folder}; npm run new:connector <id> makes one.`);
  process.exit(1);
}
const { startVitest } = await import("vitest/node");
const names = words.filter((word) => !word.startsWith("--"));
const inPackages = (name) => join(root, "node_modules", name);
const vitest = await startVitest(
  "test",
  names,
  {
    config: false,
    root: folder,
    watch: false,
    include: ["**/*.test.{ts,js,mts,mjs}"],
    testTimeout: 30_000,
  },
  {
    configFile: false,
    cacheDir: join(root, "node_modules/.vite-connectors"),
    server: { fs: { strict: false }, watch: null },
    resolve: {
      alias: [
        { find: /^portos\/testing$/, replacement: join(root, "server/connectors/framework/testing/test-gateway.ts") },
        { find: /^portos$/, replacement: join(root, "server/connectors/framework/define-connector.ts") },
        { find: /^zod$/, replacement: join(inPackages("zod"), "index.js") },
        { find: /^vitest$/, replacement: join(inPackages("vitest"), "dist/index.js") },
      ],
    },
  },
);
await vitest.close();
