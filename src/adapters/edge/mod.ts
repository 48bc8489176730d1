export { type ConsoleLog, createConsoleLog } from "./console-log.ts";
export { createEdgeHandler, type EdgeFunction, type EdgeHandlerOptions } from "./edge-handler.ts";
export { type EdgeEnv, type EdgeSettings, readEdgeSettings } from "./edge-settings.ts";
