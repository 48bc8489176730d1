import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  // What somebody watches is nobody else's business: no page of this is kept, framed, or told to where a link leads.
  headers: async () => [
    {
      source: "/:path*",
      headers: [
        { key: "Referrer-Policy", value: "no-referrer" },
        { key: "X-Frame-Options", value: "DENY" },
        { key: "X-Content-Type-Options", value: "nosniff" },
      ],
    },
  ],
};

export default config;
