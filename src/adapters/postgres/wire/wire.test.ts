import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import { readAddress } from "./address.ts";
import { nodeSockets } from "./node-sockets.conformance.ts";
import { md5Answer, startScram } from "./sign-in.ts";
import type { WireSocket } from "./sockets.ts";
import { parameterText, readerOf } from "./values.ts";
import { WireConnection } from "./wire-connection.ts";

describe("readAddress()", () => {
  test("reads every part, with its percent signs", () => {
    expect(readAddress("postgres://post.ref:p%40ss@db.example:6543/shop?sslmode=require")).toEqual({
      hostname: "db.example",
      port: 6543,
      user: "post.ref",
      password: "p@ss",
      database: "shop",
      encryption: "require",
    });
    expect(readAddress("postgresql://anna@[::1]")).toMatchObject({
      hostname: "::1",
      port: 5432,
      database: "anna",
    });
  });

  test("encrypts from sslmode=require on, and checks the certificate as the strictest mode does", () => {
    const encryption = (mode: string) => readAddress(`postgres://h/d?sslmode=${mode}`).encryption;
    expect(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"].map(encryption)).toEqual([
      ...["off", "off", "prefer", "require", "require", "require"],
    ]);
  });

  test("takes nothing for an address that is none", () => {
    for (const url of ["mysql://h/d", "postgres://", "nonsense"])
      expect(() => readAddress(url)).toThrow(TypeError);
  });
});

describe("signing in", () => {
  // The exchange that RFC 7677 gives as its example, with the password "pencil".
  const nonce = "rOprNGfwEbeRWgbNEkqO";
  const serverFirst = `r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

  test("by SCRAM-SHA-256 is as in RFC 7677, section 3", async () => {
    const scram = startScram("pencil", { user: "user", nonce });
    expect(scram.first).toBe(`n,,n=user,r=${nonce}`);
    expect(await scram.answer(serverFirst)).toBe(
      `c=biws,r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    );
    scram.check("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  });

  test("trusts no server that does not know the password, or answers another exchange", async () => {
    const scram = startScram("pencil", { user: "user", nonce });
    const untrusted = { code: "database_unreachable", details: { code: "SASL" } };
    expect(() => scram.check("v=")).toThrow(expect.objectContaining(untrusted));
    await scram.answer(serverFirst);
    expect(() => scram.check("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")).toThrow(
      expect.objectContaining(untrusted),
    );
    await expect(scram.answer(serverFirst.replace(nonce, "another"))).rejects.toMatchObject(untrusted);
    await expect(scram.answer(`r=${nonce},s=W22Z,i=4096`)).rejects.toMatchObject(untrusted);
  });

  test("is not over before the server has proven that it knows the password", async () => {
    const text = (message: string) => new TextEncoder().encode(message);
    // AuthenticationSASL, and at once AuthenticationOk.
    const said = [text("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"), text("R\0\0\0\x08\0\0\0\0")];
    const socket: WireSocket = {
      read: async (into) => {
        const bytes = said.shift();
        if (bytes === undefined) return null;
        into.set(bytes);
        return bytes.length;
      },
      write: async (bytes) => bytes.length,
      close: () => {},
    };
    const sockets = { connect: async () => socket, startTls: async () => socket };
    const opening = WireConnection.open({ address: readAddress("postgres://anna:pencil@h/d"), sockets });
    await expect(opening).rejects.toMatchObject({
      code: "CONNECTION_CLOSED",
      message: expect.stringContaining("sign-in by 0"),
    });
  });

  test("by MD5 hashes password and name, and that with the salt", () => {
    const hex = (...parts: (string | Uint8Array)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash("md5")).digest("hex");
    const salt = Uint8Array.from([1, 2, 250, 255]);
    expect(md5Answer({ user: "anna", password: "pencil", salt })).toBe(`md5${hex(hex("pencilanna"), salt)}`);
  });
});

describe("values", () => {
  test("go as text, and lists and objects not at all", () => {
    expect([null, undefined, "a", 1.5, true, 7n, new Date(0)].map(parameterText)).toEqual([
      ...[null, null, "a", "1.5", "true", "7", "1970-01-01T00:00:00.000Z"],
    ]);
    expect(() => parameterText([1])).toThrow("as JSON");
    expect(() => parameterText({})).toThrow(TypeError);
  });

  test("come as their type says, in lists too, and as text where JavaScript has no such number", () => {
    expect(readerOf(16)("t")).toBe(true);
    expect(readerOf(23)("-7")).toBe(-7);
    expect(readerOf(20)("9007199254740993")).toBe("9007199254740993");
    expect(readerOf(3802)('{"a": [1]}')).toEqual({ a: [1] });
    expect(readerOf(1009)('{a,"b, \\"c\\" \\\\",NULL,"NULL",""}')).toEqual([
      "a",
      'b, "c" \\',
      null,
      "NULL",
      "",
    ]);
    expect(readerOf(1007)("{{1,2},{3,4}}")).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(readerOf(1009)("{}")).toEqual([]);
    expect(readerOf(999_999)("as it is")).toBe("as it is");
  });
});

const url = process.env["DATABASE_URL"];

describe.skipIf(url === undefined)("a connection", () => {
  const open = () => WireConnection.open({ address: readAddress(url!), sockets: nodeSockets });

  test("gives rows, counts and errors, and serves on after an error", async () => {
    const connection = await open();
    const { rows } = await connection.query(
      "select $1::int as number, $2::text as text, null as nothing, array['x', null] as list, now() as moment",
      [7, "ü\u0000".slice(0, 1)],
    );
    expect(rows).toEqual([
      { number: 7, text: "ü", nothing: null, list: ["x", null], moment: expect.any(Date) },
    ]);
    await expect(connection.query("select nonsense")).rejects.toMatchObject({
      code: "42703",
      severity: "ERROR",
    });
    await expect(connection.query("select $1::int", [[1]])).rejects.toThrow(TypeError);
    await connection.query("create temporary table wire_rows (n int)");
    const inserted = await connection.query("insert into wire_rows select * from generate_series(1, 1000)");
    expect(inserted).toEqual({ command: "INSERT", count: 1000, rows: [] });
    connection.close();
  });

  test("reads an answer that is larger than what comes at once", async () => {
    const connection = await open();
    const { rows } = await connection.query(
      "select n, repeat('x', 100000) as text from generate_series(1, 20) n",
    );
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(rows.every(({ text }) => (text as string).length === 100_000)).toBe(true);
    connection.close();
  });

  test("notices that the server has closed it while nobody asked", async () => {
    const [connection, other] = await Promise.all([open(), open()]);
    const { rows } = await connection.query("select pg_backend_pid() as pid");
    await other.query("select pg_terminate_backend($1::int)", [rows[0]!["pid"]]);
    await connection.closed;
    await expect(connection.query("select 1")).rejects.toMatchObject({
      code: "CONNECTION_CLOSED",
    });
    other.close();
  });

  test("tells why the server ended it in the middle of a statement", async () => {
    const [connection, other] = await Promise.all([open(), open()]);
    const { rows } = await connection.query("select pg_backend_pid() as pid");
    const sleeping = expect(connection.query("select pg_sleep(60)")).rejects.toMatchObject({ code: "57P01" });
    await other.query("select pg_terminate_backend($1::int)", [rows[0]!["pid"]]);
    await sleeping;
    await connection.closed;
    other.close();
  });

  test("refuses a wrong password, and an address where nobody listens, by their codes", async () => {
    const address = readAddress(url!);
    const opened = (other: Partial<typeof address>) =>
      WireConnection.open({ address: { ...address, ...other }, sockets: nodeSockets });
    await expect(opened({ password: "wrong" })).rejects.toMatchObject({ code: "28P01" });
    await expect(opened({ port: 1 })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

/** A certificate for `localhost` that nobody but itself has signed; undefined where there is no openssl to make it. */
function selfSigned(): { readonly key: string; readonly cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "futago-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  try {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        key,
        "-out",
        cert,
        ...subject,
      ],
      { stdio: "ignore" },
    );
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
  async function secureLine(
    answer: "S" | "N",
    run: (address: ReturnType<typeof readAddress>) => Promise<void>,
  ) {
    const target = readAddress(url!);
    const server = createServer((near) => {
      near.on("error", () => {});
      near.once("data", () => {
        near.write(answer);
        if (answer === "N") return;
        const secured = new TLSSocket(near, { isServer: true, secureContext: createSecureContext(signed!) });
        const far = connect(target.port, target.hostname);
        secured.on("error", () => far.destroy()).pipe(far);
        far.on("error", () => near.destroy()).pipe(secured);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await run({ ...target, hostname: "localhost", port, encryption: "require" });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("answers where its authority is given", () =>
    secureLine("S", async (address) => {
      const connection = await WireConnection.open({
        address,
        sockets: nodeSockets,
        caCerts: [signed!.cert],
      });
      expect(await connection.query("select 1 as one")).toMatchObject({ rows: [{ one: 1 }] });
      connection.close();
    }));

  test("is refused where nobody known has signed, or where the server has no encryption", async () => {
    const refused = { code: "database_unreachable", details: { code: "TLS" } };
    const open = (address: ReturnType<typeof readAddress>) =>
      WireConnection.open({ address, sockets: nodeSockets });
    await secureLine("S", (address) => expect(open(address)).rejects.toMatchObject(refused));
    await secureLine("N", (address) => expect(open(address)).rejects.toMatchObject(refused));
  });
});
