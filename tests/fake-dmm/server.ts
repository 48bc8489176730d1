import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createRandom, type DmmCredentials, type Random } from "../../src/mod.ts";
import { makeFacts } from "./facts.ts";
import { createListing, type DmmListing } from "./listing.ts";
import { writtenItem } from "./written.ts";

/** What goes wrong, as shares of the requests from 0 to 1; may be set while the server runs. */
export interface FakeDmmFaults {
  /** 500, 502 or 503. */
  serverErrors: number;
  /** The connection ends without an answer. */
  resets: number;
  /** The body ends in the middle. */
  cuts: number;
  /** 429. */
  tooMany: number;
  /** HTTP 200 with `result.status` 500. */
  hidden: number;
  /** Answers come so much later. */
  slow: number;
  slowMs: number;
  /** So many more requests are answered; then every one is called bad, until this is raised. */
  quota: number;
  /** How it is called bad: with `errors.api_id`, with a list, or without a reason. */
  refusal: "object" | "list" | "unexplained";
}

/** Options of {@link startFakeDmm}. */
export interface FakeDmmOptions {
  /** @default 1 */
  readonly seed?: number;
  /** @default 300 */
  readonly items?: number;
  /** @default three floors of FANZA */
  readonly floors?: readonly string[];
  /** @default 5000 */
  readonly maxOffset?: number;
  /** Where `total_count` stops counting. @default maxOffset */
  readonly countCeiling?: number;
  /** @default 2026-11-20 */
  readonly now?: number;
  /** Listens there, to be started again. @default any */
  readonly port?: number;
}

/** A server that speaks as the DMM Affiliate API v3 does. */
export interface FakeDmm {
  /** The base URL of a client. */
  readonly url: string;
  readonly port: number;
  readonly credentials: DmmCredentials;
  readonly floors: readonly string[];
  readonly listing: DmmListing;
  readonly faults: FakeDmmFaults;
  /** Requests that came, those that failed included. */
  readonly requests: { total: number; itemList: number; floorList: number; refused: number };
  /** The most requests that were under way at once. */
  readonly busiest: () => number;
  close(): Promise<void>;
}

/** The floors of a fake server that is given none. */
export const fakeFloors: readonly string[] = [
  "FANZA/digital/videoa",
  "FANZA/digital/anime",
  "FANZA/mono/dvd",
];

const noFaults: FakeDmmFaults = {
  serverErrors: 0,
  resets: 0,
  cuts: 0,
  tooMany: 0,
  hidden: 0,
  slow: 0,
  slowMs: 100,
  quota: Number.POSITIVE_INFINITY,
  refusal: "object",
};

/** Starts a fake API on a port of this machine. */
export async function startFakeDmm(options: FakeDmmOptions = {}): Promise<FakeDmm> {
  const {
    seed = 1,
    items = 300,
    floors = fakeFloors,
    maxOffset = 5000,
    now = Date.UTC(2026, 10, 20),
  } = options;
  const { countCeiling = maxOffset } = options;
  const credentials: DmmCredentials = { apiId: "Qx7SecretKey93zzTop", affiliateId: "neverseen-990" };
  const listing = createListing(makeFacts({ seed, items, floors, now }));
  const faults = { ...noFaults };
  const requests = { total: 0, itemList: 0, floorList: 0, refused: 0 };
  const random = createRandom(seed).fork("faults");
  let under = 0;
  let busiest = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.total++;
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake.invalid");
    const echo = { parameters: Object.fromEntries(searchParams) };
    const path = pathname.split("/").at(-1);
    if (path === "ItemList") requests.itemList++;
    if (path === "FloorList") requests.floorList++;
    if (faults.slow > random.next()) await new Promise((done) => setTimeout(done, faults.slowMs));
    if (faults.resets > random.next()) return void request.socket.destroy();
    const send = (status: number, result: unknown): void => {
      const body = Buffer.from(JSON.stringify({ request: echo, result }));
      response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
      if (status === 200 && faults.cuts > random.next()) {
        response.write(body.subarray(0, body.length >> 1), () => request.socket.destroy());
      } else response.end(body);
    };
    const bad = (errors?: unknown): void =>
      send(400, { status: 400, message: "BAD REQUEST", ...(errors === undefined ? {} : { errors }) });
    if (faults.serverErrors > random.next()) {
      response.writeHead(500 + [0, 2, 3][random.integer(3)]!, { "content-type": "text/html" });
      return void response.end(`<h1>Error</h1><p>${request.url}</p>`);
    }
    if (faults.tooMany > random.next()) return send(429, { status: "429", message: "TOO MANY REQUESTS" });
    if (faults.hidden > random.next())
      return send(200, { status: 500, message: `failed for ${request.url}` });
    if (faults.quota <= 0) {
      requests.refused++;
      const message = `Invalid Request Error ${searchParams.get("api_id")}`;
      if (faults.refusal === "unexplained") return bad();
      return bad(faults.refusal === "list" ? [{ message: `api_id: ${message}` }] : { api_id: message });
    }
    faults.quota--;
    const key = searchParams.get("api_id") === credentials.apiId;
    if (!key || searchParams.get("affiliate_id") !== credentials.affiliateId)
      return bad({ api_id: "Invalid Request Error" });
    if (path === "FloorList") return send(200, floorList(floors));
    if (path !== "ItemList") return send(404, { status: 404, message: "NOT FOUND" });
    const found = select(searchParams, { listing, maxOffset });
    if ("errors" in found) return bad(found.errors);
    const { rows, total, first } = found;
    send(200, {
      status: 200,
      result_count: rows.length,
      total_count: count(Math.min(total, countCeiling), random),
      first_position: first,
      items: rows.map((facts) => writtenItem(facts, credentials.affiliateId)),
    });
  };

  const server = createServer((request, response) => {
    busiest = Math.max(busiest, ++under);
    response.on("close", () => under--);
    void answer(request, response);
  });
  await new Promise<void>((done) => server.listen(options.port ?? 0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/affiliate/v3`,
    port,
    credentials,
    floors,
    listing,
    faults,
    requests,
    busiest: () => busiest,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The API writes most counts as numbers, some as text. */
function count(value: number, random: Random): number | string {
  return random.next() < 0.2 ? String(value) : value;
}

type Found =
  | { readonly errors: Readonly<Record<string, string>> }
  | { readonly rows: ReturnType<DmmListing["all"]>; readonly total: number; readonly first: number };

function select(
  parameters: URLSearchParams,
  { listing, maxOffset }: { readonly listing: DmmListing; readonly maxOffset: number },
): Found {
  const wrong = (name: string): Found => ({ errors: { [name]: "Invalid Request Error" } });
  const hits = Number(parameters.get("hits") ?? 20);
  const offset = Number(parameters.get("offset") ?? 1);
  if (!Number.isInteger(hits) || hits < 1 || hits > 100) return wrong("hits");
  if (!Number.isInteger(offset) || offset < 1 || offset > maxOffset) return wrong("offset");
  if (!["FANZA", "DMM.com"].includes(parameters.get("site") ?? "")) return wrong("site");
  if (parameters.get("sort") !== "date") return wrong("sort");
  const gte = moment(parameters.get("gte_date"), Number.NEGATIVE_INFINITY);
  const lte = moment(parameters.get("lte_date"), Number.POSITIVE_INFINITY);
  if (Number.isNaN(gte)) return wrong("gte_date");
  if (Number.isNaN(lte)) return wrong("lte_date");
  const floor = ["site", "service", "floor"].map((name) => parameters.get(name)).join("/");
  const cid = parameters.get("cid");
  const all = listing
    .between(floor, { gte, lte })
    .filter(({ contentId }) => cid === null || contentId === cid);
  return { rows: all.slice(offset - 1, offset - 1 + hits), total: all.length, first: offset };
}

/** Japanese time; with a zone the API does not take it. */
function moment(text: string | null, absent: number): number {
  if (text === null) return absent;
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text) ? Date.parse(`${text}+09:00`) : Number.NaN;
}

function floorList(names: readonly string[]): unknown {
  const group = (depth: number, under: readonly string[][]): Map<string, string[][]> =>
    under.reduce(
      (groups, path) => groups.set(path[depth]!, [...(groups.get(path[depth]!) ?? []), path]),
      new Map(),
    );
  const site = [
    ...group(
      0,
      names.map((name) => name.split("/")),
    ),
  ].map(([code, paths]) => ({
    name: "SITE",
    code,
    service: [...group(1, paths)].map(([service, floors], index) => ({
      name: "SERVICE",
      code: service,
      floor: floors.map(([, , floor]) => ({ id: String(40 + index), name: "FLOOR", code: floor })),
    })),
  }));
  return { site };
}
