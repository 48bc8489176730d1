"use client";

import type { ReactNode } from "react";

/** A button that asks before it does something for good. */
export function Confirmed({
  action,
  question,
  children,
}: {
  action: () => Promise<void>;
  question: string;
  children: ReactNode;
}) {
  return (
    <form
      action={action}
      onSubmit={(event) => {
        if (!window.confirm(question)) event.preventDefault();
      }}
    >
      <button type="submit" className="quiet">
        {children}
      </button>
    </form>
  );
}
