/**
 * What a caller sends to say who they are: `Authorization: Bearer …`, or `apikey: …` as Supabase's clients send it. Where
 * both are there, Authorization counts: a viewer's token beside the application's key makes a viewer.
 *
 * @param headers Of a request.
 * @returns A key or a token; empty where there is none.
 */
export function credentialOf(headers: Headers): string {
  const bearer = /^Bearer +(.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return (bearer ?? headers.get("apikey") ?? "").trim();
}
