import "server-only";
import { futagoKey, futagoUrl } from "./environment";
import type { Viewer } from "./viewer";

export interface Recommendations {
  readonly recommendations: readonly { readonly video_id: string; readonly rank: number }[];
  readonly model_version: string | null;
  readonly source: string;
  /** Credits that the terms of the videos' source ask to be shown. */
  readonly attribution?: readonly { readonly text: string; readonly url: string }[];
}

/** What a viewer will like; undefined while their age is not confirmed. */
export async function recommend(viewer: Viewer, limit: number): Promise<Recommendations | undefined> {
  const response = await ask(viewer.token, "two_tower_recommendations", { limit });
  return response.status === 403 ? undefined : answerOf(response);
}

export async function tell(viewer: Viewer, kind: "like" | "nope" | "view", videoId: string): Promise<void> {
  const event = { video_id: videoId, kind, at: Date.now() };
  await answerOf(await ask(viewer.token, "events", { events: [event] }));
}

export async function exportRecords(viewer: Viewer): Promise<unknown> {
  const response = await ask(viewer.token, "export_person", {});
  return response.status === 404 ? { user_id: viewer.id, tables: {} } : answerOf(response);
}

export async function eraseRecords(viewer: Viewer): Promise<void> {
  await answerOf(await ask(viewer.token, "erase_person", {}));
}

/** The application has seen proof of a viewer's age. Its key, not the viewer's token: nobody confirms their own. */
export async function confirmAge(viewer: Viewer): Promise<void> {
  await answerOf(await ask(futagoKey, "confirm_age", { user_id: viewer.id }));
}

/** Asks as a viewer, whose token says who they are, or as the application. */
function ask(credential: string, route: string, body: object): Promise<Response> {
  return fetch(`${futagoUrl}/functions/v1/${route}`, {
    method: "POST",
    headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(10_000),
  });
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  // Neither body nor id goes into an error: it ends in a log.
  if (!response.ok) throw new Error(`Futago answered with ${response.status}`);
  return (await response.json()) as Answer;
}
