import { redirect } from "next/navigation";
import { signIn } from "@/app/actions";
import { currentViewer } from "@/lib/viewer";
import { Form } from "../form";

export default async function SignIn({ searchParams }: { searchParams: Promise<{ erased?: string }> }) {
  if ((await currentViewer()) !== undefined) redirect("/");
  const { erased } = await searchParams;
  return (
    <main className="narrow">
      <h1>Sign in</h1>
      {erased === "yes" && <p className="notice">Everything that was kept of you has been removed.</p>}
      <Form action={signIn}>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="email" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" minLength={8} required />
        </label>
        <label className="inline">
          <input name="new" type="checkbox" value="yes" /> I am new here
        </label>
        <button type="submit">Continue</button>
      </Form>
    </main>
  );
}
