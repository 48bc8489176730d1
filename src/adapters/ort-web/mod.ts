export { createOrtWebRuntime } from "./ort-web-runtime.ts";
