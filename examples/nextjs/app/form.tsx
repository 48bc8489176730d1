"use client";

import { type ReactNode, useActionState } from "react";
import type { FormState } from "./actions";

/** A form that says what is wrong with what was sent. */
export function Form({
  action,
  children,
}: {
  action: (state: FormState, form: FormData) => Promise<FormState>;
  children: ReactNode;
}) {
  const [state, send, pending] = useActionState(action, {});
  return (
    <form action={send} className="panel" aria-busy={pending}>
      {children}
      {state.problem !== undefined && (
        <p className="problem" role="alert">
          {state.problem}
        </p>
      )}
    </form>
  );
}
