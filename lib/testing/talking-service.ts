// A service for tests: `node <bundle> <file>` logs all the time and writes how often it did into the file.
import { writeFileSync } from "node:fs";

import { runService } from "../service-main.ts";

const [, , file = ""] = process.argv;

runService("portos-cos", ({ logger }) => {
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    logger.info("Still here", { count });
    logger.warn("Still here", { count });
    writeFileSync(file, String(count));
  }, 5);
  return Promise.resolve({
    stop() {
      clearInterval(timer);
      return Promise.resolve();
    },
  });
});
