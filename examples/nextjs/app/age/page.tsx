import { redirect } from "next/navigation";
import { sayAge, signOut } from "@/app/actions";
import { currentViewer } from "@/lib/viewer";
import { Form } from "../form";

export default async function Age() {
  if ((await currentViewer()) === undefined) redirect("/sign-in");
  return (
    <main className="narrow">
      <h1>How old are you?</h1>
      <p>Nothing is recommended to anybody younger than 18. The date is not kept.</p>
      <Form action={sayAge}>
        <label>
          Date of birth
          <input name="born" type="date" autoComplete="bday" required />
        </label>
        <button type="submit">Confirm</button>
      </Form>
      <form action={signOut}>
        <button type="submit" className="quiet">
          Sign out
        </button>
      </form>
    </main>
  );
}
