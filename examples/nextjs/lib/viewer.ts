import "server-only";
import { visitorClient } from "./supabase";

/** Who is signed in. */
export interface Viewer {
  readonly id: string;
  readonly email: string;
  /** What Futago is shown. */
  readonly token: string;
}

/** Undefined where nobody is signed in. The token's signature is checked, not only read. */
export async function currentViewer(): Promise<Viewer | undefined> {
  const supabase = await visitorClient();
  const { data: checked } = await supabase.auth.getClaims();
  const { data: kept } = await supabase.auth.getSession();
  if (checked == null || kept.session === null) return undefined;
  const { sub, email } = checked.claims;
  return { id: sub, email: email ?? "", token: kept.session.access_token };
}
