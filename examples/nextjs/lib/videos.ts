import "server-only";
import { applicationClient } from "./supabase";

export interface Video {
  readonly video_id: string;
  readonly title: string;
  readonly maker: string | null;
  readonly genres: readonly string[] | null;
  readonly thumbnail_url: string | null;
}

/** What is shown of recommended videos, by id. */
export async function videosOf(ids: readonly string[]): Promise<ReadonlyMap<string, Video>> {
  const { data, error } = await applicationClient()
    .from("videos")
    .select("video_id,title,maker,genres,thumbnail_url")
    .in("video_id", ids);
  if (error !== null) throw new Error(`Cannot read titles: ${error.code}`);
  return new Map((data as Video[]).map((video) => [video.video_id, video]));
}
