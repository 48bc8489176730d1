import { testRuntime } from "../../onnx/runtime.conformance.ts";
import { createOrtWebRuntime } from "./mod.ts";

testRuntime(() => createOrtWebRuntime());
