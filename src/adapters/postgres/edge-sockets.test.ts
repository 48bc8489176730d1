import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, TLSSocket } from "node:tls";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { openEdgeOnNode } from "./edge-database.conformance.ts";
import { edgeSockets } from "./edge-sockets.ts";
import { nodeSockets } from "./node-sockets.ts";
import { translateError } from "./translate-errors.ts";

const url = process.env["DATABASE_URL"];
const openEdge = await openEdgeOnNode();

async function opened<Result>(
  address: URL,
  work: (db: ReturnType<typeof openEdge>["db"]) => Promise<Result>,
  options: { readonly caCerts?: readonly string[] } = {},
): Promise<Result> {
  const bounds = { timeoutMs: 10_000, failures: 10 };
  const { db, close } = openEdge(address.href, { maxConnections: 2, bounds, ...options });
  try {
    return await work(db);
  } finally {
    await close();
  }
}

const one = (db: ReturnType<typeof openEdge>["db"]) =>
  sql`select 1 as one`.execute(db).then(({ rows }) => rows);

test("takes nothing for an address that is none", () => {
  const bounds = { timeoutMs: 1000 };
  expect(() => openEdge("postgres://[", { maxConnections: 1, bounds })).toThrow(
    expect.objectContaining({ code: "database_unreachable" }),
  );
});

describe.skipIf(url === undefined)("a connection", () => {
  const address = () => new URL(url!);

  test("gives rows and errors, and serves on after an error", () =>
    opened(address(), async (db) => {
      const { rows } = await sql`select ${7}::int as number, ${"ü"}::text as text, null as nothing,
        now() as moment, '{"a": [1]}'::jsonb as json`.execute(db);
      expect(rows).toEqual([
        { number: 7, text: "ü", nothing: null, moment: expect.any(Date), json: { a: [1] } },
      ]);
      await expect(sql`select nonsense`.execute(db)).rejects.toMatchObject({ code: "42703" });
      expect(await one(db)).toEqual([{ one: 1 }]);
    }));

  test("reads an answer that is larger than what comes at once", () =>
    opened(address(), async (db) => {
      const { rows } = await sql<{
        text: string;
      }>`select repeat('x', 100000) as text from generate_series(1, 20)`.execute(db);
      expect(rows.map(({ text }) => text.length)).toEqual(Array.from({ length: 20 }, () => 100_000));
    }));

  test("prepares no statement, as a transaction pooler would lose it", () =>
    opened(address(), async (db) => {
      for (let i = 0; i < 3; i++) await sql`select ${i}::int`.execute(db);
      const { rows } = await sql`select name from pg_prepared_statements where ${1}::int = 1`.execute(db);
      expect(rows).toEqual([]);
    }));

  test("is refused copies, as there are no streams", async () => {
    const streams = await import("../../../apps/edge/without-streams.ts");
    expect(() => new streams.default.Writable()).toThrow("Cannot copy");
    expect(streams.connect).toThrow("handed in");
  });

  test("that the server ends is told of, and the next query connects again", () =>
    opened(address(), async (db) => {
      const name = `sleeper ${crypto.randomUUID()}`;
      const told = expect(sql`select pg_sleep(60) as ${sql.id(name)}`.execute(db)).rejects.toMatchObject({
        code: "database_unreachable",
        details: { code: "CONNECTION_CLOSED" },
      });
      const end = sql`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and query like ${`%${name}%`}`;
      while ((await end.execute(db)).rows.length === 0);
      await told;
      expect(await one(db)).toEqual([{ one: 1 }]);
    }));

  test("is refused with a wrong password, and where nobody listens", async () => {
    const [wrong, nobody] = [address(), address()];
    wrong.password = "wrong";
    nobody.port = "1";
    const refused = (code: string) => ({ code: "database_unreachable", details: { code } });
    await expect(opened(wrong, one)).rejects.toMatchObject(refused("28P01"));
    await expect(opened(nobody, one)).rejects.toMatchObject(refused("ECONNREFUSED"));
  });
});

/** A certificate for `localhost` that nobody but itself has signed; undefined where there is no openssl to make it. */
function selfSigned(): { readonly key: string; readonly cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "futago-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  try {
    execFileSync("openssl", [...made, ...subject], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const signed = url === undefined ? undefined : selfSigned();

describe.skipIf(signed === undefined)("an encrypted connection", () => {
  /** Before the server, a line that answers a request for encryption as it is told, and takes no one unencrypted. */
  async function secureLine(answer: "S" | "N", run: (address: URL) => Promise<void>) {
    const target = new URL(url!);
    const server = createServer((near) => {
      near.on("error", () => {});
      near.once("data", () => {
        near.write(answer);
        if (answer === "N") return;
        const secured = new TLSSocket(near, { isServer: true, secureContext: createSecureContext(signed!) });
        const far = connect(Number(target.port || 5432), target.hostname);
        secured.on("error", () => far.destroy()).pipe(far);
        far.on("error", () => near.destroy()).pipe(secured);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    const { port } = server.address() as AddressInfo;
    const address = new URL(url!);
    address.host = `localhost:${port}`;
    address.searchParams.set("sslmode", "require");
    try {
      await run(address);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("answers where its authority is given", () =>
    secureLine("S", async (address) => {
      expect(await opened(address, one, { caCerts: [signed!.cert] })).toEqual([{ one: 1 }]);
    }));

  test("is refused where nobody known has signed, or where the server has no encryption", async () => {
    const refused = { code: "database_unreachable", details: { code: "TLS" } };
    await secureLine("S", (address) => expect(opened(address, one)).rejects.toMatchObject(refused));
    await secureLine("N", (address) => expect(opened(address, one)).rejects.toMatchObject(refused));
  });
});

test("whoever waits for a connection of a pool that has ended is told of a database that cannot be reached", () => {
  const nobody = {
    connect: () => Promise.reject(new Error("asked")),
    startTls: () => Promise.reject(new Error("asked")),
  };
  for (const sockets of [nodeSockets(), edgeSockets(nobody, { encrypted: false })]) {
    sockets.refuse();
    let refusal: unknown;
    try {
      sockets.open({ host: ["localhost"], port: [5432] });
    } catch (error) {
      refusal = translateError(error);
    }
    expect(refusal).toMatchObject({ code: "database_unreachable" });
  }
});
