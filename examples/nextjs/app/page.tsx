import { redirect } from "next/navigation";
import { recommend } from "@/lib/futago";
import { videosOf } from "@/lib/videos";
import { currentViewer } from "@/lib/viewer";
import { erase, react, signOut } from "./actions";
import { Confirmed } from "./confirmed";

const shown = 12;

export default async function Home() {
  const viewer = await currentViewer();
  if (viewer === undefined) redirect("/sign-in");
  const answer = await recommend(viewer, shown);
  if (answer === undefined) redirect("/age");
  const { recommendations, source, model_version, attribution = [] } = answer;
  const videos = await videosOf(recommendations.map((one) => one.video_id));
  return (
    <>
      <header>
        <h1>For you</h1>
        <nav>
          <span>{viewer.email}</span>
          <a href="/export" download>
            My data
          </a>
          <Confirmed action={erase} question="Remove your likes, your views and your account for good?">
            Erase me
          </Confirmed>
          <form action={signOut}>
            <button type="submit" className="quiet">
              Sign out
            </button>
          </form>
        </nav>
      </header>
      <main>
        <ol className="videos" data-source={source}>
          {recommendations.map(({ video_id, rank }) => {
            const video = videos.get(video_id);
            return (
              <li key={video_id} data-video={video_id}>
                <Picture url={video?.thumbnail_url ?? null} seed={video_id} />
                <h2>{video?.title ?? video_id}</h2>
                <p>{[video?.maker, ...(video?.genres ?? [])].filter(Boolean).join(" · ")}</p>
                <form action={react}>
                  <input type="hidden" name="video" value={video_id} />
                  <button type="submit" name="kind" value="like" aria-label={`Like number ${rank}`}>
                    Like
                  </button>
                  <button type="submit" name="kind" value="view" className="quiet">
                    Watched
                  </button>
                  <button type="submit" name="kind" value="nope" className="quiet">
                    Nope
                  </button>
                </form>
              </li>
            );
          })}
        </ol>
        <p className="small">
          Answered by {source}
          {model_version === null ? "" : `, version ${model_version}`}
        </p>
        {attribution.map(({ text, url }) => (
          <p key={text} className="small">
            <a href={url}>{text}</a>
          </p>
        ))}
      </main>
    </>
  );
}

/** The catalogue's picture, or two colours that are always the same for a video. */
function Picture({ url, seed }: { url: string | null; seed: string }) {
  // biome-ignore lint/performance/noImgElement: pictures come from the catalogue's own server, whatever it is
  if (url !== null) return <img src={url} alt="" className="picture" referrerPolicy="no-referrer" />;
  const hue = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  const colours = `hsl(${hue} 55% 62%), hsl(${(hue + 50) % 360} 60% 42%)`;
  return <div className="picture" style={{ background: `linear-gradient(135deg, ${colours})` }} />;
}
