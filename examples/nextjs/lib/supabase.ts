import "server-only";
import { createServerClient } from "@supabase/ssr";
import { createClient } from "@supabase/supabase-js";
import { cookies } from "next/headers";
import { publishableKey, secretKey, supabaseUrl } from "./environment";

/** Supabase as the visitor: their session is in the cookies. */
export async function visitorClient() {
  const store = await cookies();
  return createServerClient(supabaseUrl, publishableKey, {
    cookies: {
      getAll: () => store.getAll(),
      setAll: (changed) => {
        try {
          for (const { name, value, options } of changed) store.set(name, value, options);
        } catch {
          // A page may not set cookies; proxy.ts has refreshed the session before it.
        }
      },
    },
  });
}

/** Supabase as the application itself: passes every policy, so it is asked for nothing a visitor could choose. */
export function applicationClient() {
  return createClient(supabaseUrl, secretKey, { auth: { persistSession: false, autoRefreshToken: false } });
}
