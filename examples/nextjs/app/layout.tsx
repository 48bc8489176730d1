import type { Metadata } from "next";
import type { ReactNode } from "react";
import "./globals.css";

export const metadata: Metadata = {
  title: "Futago example",
  description: "Recommendations for a signed-in viewer",
  robots: { index: false },
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        {children}
        <footer>
          {/* The DMM Affiliate API, like others, wants a line of credit wherever its catalogue is shown. */}
          <p>Powered by [name and link that your catalogue’s provider asks for]</p>
        </footer>
      </body>
    </html>
  );
}
