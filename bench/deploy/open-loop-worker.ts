import { parentPort, workerData } from "node:worker_threads";
import { type OpenLoopOptions, startOpenLoop } from "./open-loop.ts";

// In a thread of its own: embedding a catalogue beside it must not delay a request.
const loop = startOpenLoop(workerData as OpenLoopOptions);
parentPort!.once("message", async () => parentPort!.postMessage(await loop.stop()));
