// The public list: what `import … from "futago"` gives. Portable; what needs Node is under "futago/<adapter>".
export * from "./base/mod.ts";
