export { createOrtRuntime, type OrtDevice, type OrtOptions } from "./ort-runtime.ts";
