import { runService } from "../lib/service-main.ts";
import { startCos } from "./app.ts";

runService("portos-cos", startCos);
