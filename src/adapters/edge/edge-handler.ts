import type { Service } from "../../service/mod.ts";

/** What {@link createEdgeHandler} is given. */
export interface EdgeHandlerOptions {
  /** The function's name, which is the last part of its path. */
  readonly name: string;
  /** Makes the service, at the first request; called again where it failed. */
  readonly open: () => Service | Promise<Service>;
  /** Told of a failure to open. */
  readonly onFailure?: (error: unknown) => void;
  /** The header in which the platform writes the client's address; absent: none is believed. */
  readonly clientAddressHeader?: string | undefined;
}

/** One edge function: what stands behind `export default { fetch }`. */
export interface EdgeFunction {
  /**
   * Answers a request for `/functions/v1/<name>` or, as the platform hands it on, `/<name>`. Never throws.
   *
   * @param request Any request.
   * @returns The service's answer; 404 for another path, 500 where the service cannot be opened.
   */
  fetch(request: Request): Promise<Response>;
}

/**
 * One route of a service as an edge function: importing it costs nothing, the first request opens the service, all
 * requests of the worker share it, and a failure to open is no lasting one.
 *
 * @param options The function's name, and how the service is opened.
 * @returns The function.
 *
 * @example
 * ```ts no-run
 * import type { Service } from "futago";
 * import { createEdgeHandler } from "futago/edge";
 * declare function openService(): Promise<Service>;
 * const events = createEdgeHandler({ name: "events", open: openService });
 * const answer = await events.fetch(new Request("https://project.example/events", { method: "POST" }));
 * ```
 */
export function createEdgeHandler(options: EdgeHandlerOptions): EdgeFunction {
  const { name, open, onFailure, clientAddressHeader } = options;
  const path = `/functions/v1/${name}`;
  let opening: Promise<Service> | undefined;

  function service(): Promise<Service> {
    opening ??= Promise.resolve()
      .then(open)
      .catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
    return opening;
  }

  return Object.freeze({
    fetch: async (request: Request) => {
      const url = new URL(request.url);
      if (url.pathname !== path && url.pathname !== `/${name}`) {
        return refusal(404, "not_found", `Cannot answer as the path must be ${path}`);
      }
      try {
        const { fetch } = await service();
        // What stands before the last comma may have come with the request.
        const written = clientAddressHeader && request.headers.get(clientAddressHeader);
        const origin = written ? { clientAddress: written.split(",").at(-1)!.trim() } : {};
        if (url.pathname === path) return await fetch(request, origin);
        url.pathname = path;
        return await fetch(new Request(url, request), origin);
      } catch (error) {
        onFailure?.(error);
        return refusal(500, "internal", "The function cannot start: its log says why");
      }
    },
  });
}

function refusal(status: number, code: string, message: string): Response {
  const request_id = crypto.randomUUID();
  const headers = { "cache-control": "no-store", "x-request-id": request_id };
  return Response.json({ error: { code, message, issues: [] }, request_id }, { status, headers });
}
