import { exportRecords } from "@/lib/futago";
import { currentViewer } from "@/lib/viewer";

/** All that is kept of the viewer who asks, as a file. */
export async function GET(): Promise<Response> {
  const viewer = await currentViewer();
  if (viewer === undefined) return new Response("Sign in first", { status: 401 });
  return Response.json(await exportRecords(viewer), {
    headers: { "content-disposition": 'attachment; filename="my-data.json"', "cache-control": "no-store" },
  });
}
