"use client";

/** When Futago or Supabase does not answer. */
export default function Problem({ reset }: { reset: () => void }) {
  return (
    <main className="narrow">
      <h1>That did not work</h1>
      <p>The service does not answer at the moment.</p>
      <button type="button" onClick={reset}>
        Try again
      </button>
    </main>
  );
}
