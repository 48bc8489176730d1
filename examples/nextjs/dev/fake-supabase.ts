import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Account {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly created_at: string;
}

/** Options of {@link startFakeSupabase}. */
export interface FakeSupabaseOptions {
  readonly port: number;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** Rows of `videos`, which the secret key may read. */
  readonly videos: readonly { readonly video_id: string; readonly [column: string]: unknown }[];
}

/**
 * As much of Supabase Auth and of its Data API as the page asks of them, in memory: for trying the page, for nothing
 * else. Accounts are gone when it ends, and passwords are kept as they come.
 */
export async function startFakeSupabase(
  options: FakeSupabaseOptions,
): Promise<{ url: string; server: Server }> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = randomUUID();
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" }] };
  const accounts = new Map<string, Account>();
  const refreshTokens = new Map<string, string>();
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => reply(response, status, body),
      () => reply(response, 500, { message: "the fake failed" }),
    );
  });
  await new Promise<void>((resolve) => server.listen(options.port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function userOf({ id, email, created_at }: Account) {
    const app_metadata = { provider: "email", providers: ["email"] };
    return {
      id,
      aud: "authenticated",
      role: "authenticated",
      email,
      app_metadata,
      user_metadata: {},
      created_at,
    };
  }

  function sessionOf(account: Account) {
    const iat = Math.floor(Date.now() / 1000);
    const expires_in = 3600;
    const { id: sub, aud, role, email, app_metadata, user_metadata } = userOf(account);
    const token = signed({
      ...{ iss: `${url}/auth/v1`, sub, aud, role, email, app_metadata, user_metadata },
      ...{ iat, exp: iat + expires_in, session_id: randomUUID(), aal: "aal1", is_anonymous: false },
    });
    const refresh_token = randomUUID();
    refreshTokens.set(refresh_token, account.id);
    return {
      ...{ access_token: token, token_type: "bearer", expires_in, expires_at: iat + expires_in },
      ...{ refresh_token, user: userOf(account) },
    };
  }

  function signed(payload: object): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "ES256", typ: "JWT", kid })}.${part(payload)}`;
    const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  }

  const refuse = (status: number, code: string, msg: string): [number, object] => [
    status,
    { code: status, error_code: code, msg },
  ];

  async function answer(request: IncomingMessage): Promise<[number, unknown]> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const key = request.headers["apikey"];
    if (pathname === "/auth/v1/.well-known/jwks.json") return [200, jwks];
    if (key !== options.publishableKey && key !== options.secretKey) {
      return refuse(401, "no_authorization", "No API key");
    }
    if (pathname === "/rest/v1/videos") {
      // As row-level security has it: the secret key reads everything, anybody else nothing.
      const wanted = new Set(
        /^in\.\((.*)\)$/
          .exec(searchParams.get("video_id") ?? "")?.[1]
          ?.replaceAll('"', "")
          .split(","),
      );
      return [200, key === options.secretKey ? options.videos.filter((row) => wanted.has(row.video_id)) : []];
    }
    if (pathname.startsWith("/auth/v1/admin/users/")) {
      if (key !== options.secretKey) return refuse(403, "not_admin", "User not allowed");
      const id = pathname.slice("/auth/v1/admin/users/".length);
      const account = [...accounts.values()].find((one) => one.id === id);
      if (account === undefined) return refuse(404, "user_not_found", "User not found");
      if (request.method === "DELETE") accounts.delete(account.email);
      return [200, userOf(account)];
    }
    const body = await bodyOf(request);
    const email = String(body["email"] ?? "").toLowerCase();
    if (pathname === "/auth/v1/signup") {
      if (accounts.has(email)) return refuse(422, "user_already_exists", "User already registered");
      const created_at = new Date().toISOString();
      const account = { id: randomUUID(), email, password: String(body["password"]), created_at };
      accounts.set(email, account);
      return [200, sessionOf(account)];
    }
    if (pathname === "/auth/v1/token" && searchParams.get("grant_type") === "password") {
      const account = accounts.get(email);
      if (account?.password === body["password"] && account !== undefined) return [200, sessionOf(account)];
      return refuse(400, "invalid_credentials", "Invalid login credentials");
    }
    if (pathname === "/auth/v1/token") {
      const token = String(body["refresh_token"]);
      const account = [...accounts.values()].find((one) => one.id === refreshTokens.get(token));
      refreshTokens.delete(token);
      if (account !== undefined) return [200, sessionOf(account)];
      return refuse(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
    }
    if (pathname === "/auth/v1/logout") return [204, undefined];
    return refuse(404, "not_found", "The fake does not know this path");
  }

  return { url, server };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
