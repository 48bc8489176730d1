import { Problem } from "./problem.ts";

/** Which web pages may ask from a browser. */
export interface CorsOptions {
  /** Origins such as `https://app.example.com`; `*` alone lets every page ask. */
  readonly origins: readonly string[];
}

/** What a page's script may send, Supabase's clients included. */
const allowedHeaders = "authorization, apikey, content-type, x-client-info, x-request-id";

/** The headers by which a browser lets a page ask, and read the answer. */
export interface Cors {
  /** The answer to a browser's question before the request; undefined where the request is none. */
  preflight(request: Request, allowed: string): Response | undefined;
  /** Headers that every answer to this request has. */
  headers(request: Request): Readonly<Record<string, string>>;
}

/**
 * Cross-origin sharing by a list (the Fetch standard, section 3.3): only an origin of the list is echoed. Credentials
 * of the browser, such as cookies, are never asked for, as callers prove themselves by a header.
 *
 * @param options Which origins; absent: none, and nothing is said about it.
 * @returns The headers.
 * @throws RangeError For what is no origin, such as an address with a path.
 */
export function createCors(options: CorsOptions | undefined): Cors {
  const origins = new Set(options?.origins ?? []);
  for (const origin of origins) checkOrigin(origin, origins.size);
  const any = origins.has("*");

  function headers(request: Request): Record<string, string> {
    if (options === undefined) return {};
    if (any) return { "access-control-allow-origin": "*", ...exposed };
    const origin = request.headers.get("origin");
    // Whatever the answer, a cache must not give it to a page of another origin.
    if (origin === null || !origins.has(origin)) return { vary: "Origin" };
    return { vary: "Origin", "access-control-allow-origin": origin, ...exposed };
  }

  return Object.freeze<Cors>({
    headers,
    preflight: (request, allowed) => {
      const asks =
        request.method === "OPTIONS" &&
        request.headers.has("origin") &&
        request.headers.has("access-control-request-method");
      if (options === undefined || !asks) return undefined;
      if (!("access-control-allow-origin" in headers(request))) {
        throw new Problem(
          "forbidden",
          "Cannot let this page ask as its origin must be on the list: it is not; add it to FUTAGO_CORS_ORIGINS",
        );
      }
      return new Response(null, {
        status: 204,
        headers: {
          "access-control-allow-methods": allowed,
          "access-control-allow-headers": allowedHeaders,
          "access-control-max-age": "7200",
        },
      });
    },
  });
}

const exposed = { "access-control-expose-headers": "x-request-id, retry-after" };

function checkOrigin(origin: string, count: number): void {
  const rule = origin.includes("*")
    ? (origin === "*" && count === 1) || "be a whole origin, or * alone, which lets every page ask"
    : (URL.canParse(origin) && new URL(origin).origin === origin) ||
      "be scheme, host and port alone, such as https://app.example.com";
  if (rule === true) return;
  throw new RangeError(`Cannot allow the origin "${origin}" as it must ${rule}`);
}
