import { generateDemo } from "../../../src/mod.ts";
import { startFakeSupabase } from "./fake-supabase.ts";

// The titles of the demo catalogue, which `futago start` and `futago import demo` put into the database too.
const videos = generateDemo().items.map(({ id, title, fields }) => ({
  video_id: id,
  title,
  maker: fields["maker"] ?? null,
  genres: fields["genres"] ?? null,
  thumbnail_url: null,
}));
const { url } = await startFakeSupabase({
  port: Number(process.env["PORT"] ?? 54321),
  publishableKey: "sb_publishable_for_trying",
  secretKey: "sb_secret_for_trying",
  videos,
});
console.log(
  `A stand-in for Supabase listens on ${url}; FUTAGO_JWKS_URL=${url}/auth/v1/.well-known/jwks.json`,
);
