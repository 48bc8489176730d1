// The public list: what `import … from "futago"` gives. Portable; what needs Node is under "futago/<adapter>".
export * from "./base/mod.ts";
export * from "./catalogue/mod.ts";
export * from "./features/mod.ts";
// Its operations have short names (`add`, `log`), hence a namespace: `graph.add`.
export * as graph from "./graph/mod.ts";
export * from "./onnx/mod.ts";
export * from "./recommend/mod.ts";
export * from "./registry/mod.ts";
export * from "./towers/mod.ts";
