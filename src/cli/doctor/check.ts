/** What a look at one thing found. */
export type Finding =
  | { readonly ok: true; readonly says: string }
  | {
      readonly ok: false;
      readonly says: string;
      /** What a person can do about it. */
      readonly advice: string;
      /** Does it, where that is safe; says what was done. */
      readonly mend?: () => Promise<string>;
    };

/** One thing to look at. */
export interface Check {
  readonly name: string;
  /** What it throws is a finding too. */
  readonly look: () => Promise<Finding>;
}

/** How one thing stands, after mending where that was asked for. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
  readonly advice?: string;
  /** What was done about it. */
  readonly mended?: string;
}

/** As it should be. */
export function fine(says: string): Finding {
  return { ok: true, says };
}

/** Not as it should be. */
export function wrong(says: string, advice: string, mend?: () => Promise<string>): Finding {
  return { ok: false, says, advice, ...(mend === undefined ? {} : { mend }) };
}

/**
 * Looks, mends where it may, and looks again.
 *
 * @param check What to look at.
 * @param options Whether to mend.
 * @returns How it stands now.
 */
export async function runCheck(check: Check, { fix }: { readonly fix: boolean }): Promise<CheckResult> {
  const { name } = check;
  const found = await lookAt(check);
  if (found.ok) return { name, ok: true, says: found.says };
  if (!fix || found.mend === undefined) {
    return { name, ok: false, says: found.says, ...(found.advice === "" ? {} : { advice: found.advice }) };
  }
  let mended: string;
  try {
    mended = await found.mend();
  } catch (error) {
    return { name, ok: false, says: found.says, advice: `mending failed: ${messageOf(error)}` };
  }
  const after = await lookAt(check);
  return { name, ok: after.ok, says: after.says, ...(after.ok ? {} : { advice: after.advice }), mended };
}

async function lookAt({ look }: Check): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    // Our own messages say what to do next.
    return wrong(messageOf(error), "");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
