/** What a URL of a database says. */
export interface WireAddress {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** From `sslmode`: `prefer` goes on without where the server has no encryption. */
  readonly encryption: "off" | "prefer" | "require";
}

/**
 * Reads `postgres://user:password@host:5432/name?sslmode=require`. Every mode from `require` on checks the certificate
 * and its name, as `verify-full` does.
 *
 * @param url The address.
 * @returns What it says; the database is called as the user where it does not.
 * @throws TypeError Where it is no such URL.
 */
export function readAddress(url: string): WireAddress {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  if (!/^postgres(ql)?:$/.test(protocol) || hostname === "") throw new TypeError("Cannot read the address");
  const user = decodeURIComponent(username) || "postgres";
  return {
    // IPv6 stands in brackets.
    hostname: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 5432),
    user,
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || user,
    encryption: encryptionOf(searchParams.get("sslmode") ?? searchParams.get("ssl")),
  };
}

function encryptionOf(mode: string | null): WireAddress["encryption"] {
  if (mode === null || mode === "disable" || mode === "allow" || mode === "false") return "off";
  return mode === "prefer" ? "prefer" : "require";
}
