import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { serveInProcess } from "./served-worlds.ts";
import type { TinyModelKind } from "./tiny-model.ts";

// Run in Deno: the service on PGlite in memory, and `/deploy/KIND/SEED`, which makes another model the active one.
declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(
    options: {
      readonly port: number;
      readonly hostname: string;
      readonly onListen: (at: { port: number }) => void;
    },
    handler: (request: Request) => Promise<Response>,
  ): unknown;
};

const world = await serveInProcess(await openDatabase({ memory: true }), Deno.env.toObject());
Deno.serve(
  {
    port: 0,
    hostname: "127.0.0.1",
    onListen: ({ port }) => console.log(`listening on http://127.0.0.1:${port}`),
  },
  async (request) => {
    const asked = /\/deploy\/(pooled|sequence)\/(\d+)$/.exec(request.url);
    if (asked) return new Response(await world.deploy(Number(asked[2]), asked[1] as TinyModelKind));
    return world.fetch(new URL(request.url).pathname, request);
  },
);
