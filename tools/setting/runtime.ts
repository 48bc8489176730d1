import { createPortableRuntime } from "futago";

/** What examples mean by `runtime`. */
export const runtime = createPortableRuntime();
