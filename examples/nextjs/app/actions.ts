"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { isAdult } from "@/lib/age";
import { confirmAge, eraseRecords, tell } from "@/lib/futago";
import { applicationClient, visitorClient } from "@/lib/supabase";
import { currentViewer } from "@/lib/viewer";

/** What a form says after it was sent. */
export interface FormState {
  readonly problem?: string;
}

export async function signIn(_: FormState, form: FormData): Promise<FormState> {
  const email = String(form.get("email") ?? "");
  const password = String(form.get("password") ?? "");
  const supabase = await visitorClient();
  const { data, error } =
    form.get("new") === "yes"
      ? await supabase.auth.signUp({ email, password })
      : await supabase.auth.signInWithPassword({ email, password });
  if (error !== null) return { problem: error.message };
  if (data.session === null) return { problem: "Open the link that was sent to you, then sign in." };
  redirect("/");
}

export async function signOut(): Promise<void> {
  await (await visitorClient()).auth.signOut();
  redirect("/sign-in");
}

/** The date is looked at and not kept: only that it was enough. */
export async function sayAge(_: FormState, form: FormData): Promise<FormState> {
  const viewer = await currentViewer();
  if (viewer === undefined) redirect("/sign-in");
  if (!isAdult(String(form.get("born") ?? ""), new Date())) {
    return { problem: "This service is for adults: you must be 18 or older." };
  }
  await confirmAge(viewer);
  redirect("/");
}

export async function react(form: FormData): Promise<void> {
  const viewer = await currentViewer();
  if (viewer === undefined) redirect("/sign-in");
  const kind = form.get("kind");
  const videoId = form.get("video");
  if ((kind === "like" || kind === "nope" || kind === "view") && typeof videoId === "string") {
    await tell(viewer, kind, videoId);
  }
  revalidatePath("/");
}

/** Everything that is kept, then the account itself. */
export async function erase(): Promise<void> {
  const viewer = await currentViewer();
  if (viewer === undefined) redirect("/sign-in");
  await eraseRecords(viewer);
  const { error } = await applicationClient().auth.admin.deleteUser(viewer.id);
  if (error !== null) throw new Error("Cannot delete the account: try again");
  await (await visitorClient()).auth.signOut({ scope: "local" });
  redirect("/sign-in?erased=yes");
}
