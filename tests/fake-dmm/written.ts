import { createRandom } from "../../src/base/mod.ts";
import type { DmmFacts } from "./facts.ts";

const jst = 9 * 3_600_000;

/** Ways of writing the same value; which one an item gets depends on its id alone. */
function variant(contentId: string): (count: number) => number {
  let hash = 7;
  for (let i = 0; i < contentId.length; i++) hash = (Math.imul(hash, 31) + contentId.charCodeAt(i)) | 0;
  const random = createRandom(hash);
  return (count) => random.integer(count);
}

function dateText(at: number, form: number): string {
  const text = new Date(at + jst).toISOString().slice(0, 19).replace("T", " ");
  if (form === 0) return text;
  if (form === 1 || !text.endsWith(":00")) return text.replaceAll("-", "/");
  return text.slice(0, -3).replaceAll("-", "/").replaceAll("/0", "/");
}

/**
 * An item as the API writes it, in one of the ways that its clients have seen: numbers as text, a list of one as its
 * member, a missing label as `----`, http, and links that carry the id of the client.
 *
 * @param facts What is true.
 * @param affiliateId The caller's own, which comes back in links.
 */
export function writtenItem(facts: DmmFacts, affiliateId: string): unknown {
  if (facts.malformed === "all") return "not an item";
  const way = variant(facts.contentId);
  const [, service, floor] = facts.floor.split("/");
  const { contentId, announced, reviews, campaign, malformed } = facts;
  const ids = way(2) === 0 ? Number : String;
  const named = (name: string): unknown => ({ id: ids(1 + name.length * 7), name });
  // A list of one may come as its member.
  const list = (names: readonly string[], alone: boolean): unknown =>
    names.length === 1 && alone ? named(names[0]!) : names.map(named);
  const alone = way(3) === 0;
  const hours = `${Math.floor(facts.minutes / 60)}:${String(facts.minutes % 60).padStart(2, "0")}:00`;
  const minutes = [String(facts.minutes), facts.minutes, hours, `約${facts.minutes}分`][way(4)];
  const mark = ["~", "～", "〜"][way(3)]!;
  const price = `${facts.price >= 1000 && way(2) === 0 ? facts.price.toLocaleString("en") : facts.price}${facts.priceFrom ? mark : ""}`;
  const url = `http${way(2) === 0 ? "s" : ""}://video.example/content/?id=${contentId}`;
  const image = `${way(2) === 0 ? "http:" : "https:"}//pics.example/${contentId}`;
  const endings = { large: "pl", small: "ps", list: "pt" };
  const missing = way(2) === 0 ? { label: [{ id: ids(99999), name: "----" }] } : {};
  const delivery = { type: "stream", price: String(facts.price), list_price: String(facts.listPrice) };
  return {
    service_code: service,
    service_name: "SERVICE",
    floor_code: floor,
    floor_name: "FLOOR",
    category_name: "CATEGORY",
    content_id: malformed === "id" ? { wrong: true } : contentId,
    product_id: contentId,
    title: malformed === "title" ? null : facts.title,
    ...(announced ? (alone ? { volume: "0" } : {}) : { volume: minutes }),
    ...(reviews === undefined
      ? {}
      : {
          review: {
            count: ids(reviews.count),
            average: alone ? reviews.average : reviews.average.toFixed(2),
          },
        }),
    URL: url,
    affiliateURL: `https://al.example/?lurl=${encodeURIComponent(url)}&af_id=${affiliateId}&ch=api`,
    imageURL: Object.fromEntries(facts.images.map((size) => [size, `${image}${endings[size]}.jpg`])),
    ...(announced
      ? {}
      : {
          sampleImageURL: { sample_s: { image: alone ? `${image}-1.jpg` : [`${image}-1.jpg`] } },
          sampleMovieURL: {
            size_476_306: `https://player.example/cid=${contentId}/affi_id=${affiliateId}/`,
            pc_flag: ids(1),
          },
        }),
    prices: {
      price: malformed === "price" ? { yen: 1 } : price,
      list_price: way(2) === 0 ? `${facts.listPrice}${mark}` : String(facts.listPrice),
      ...(malformed === "price" ? {} : { deliveries: { delivery: alone ? delivery : [delivery] } }),
    },
    date: malformed === "date" ? "some day" : dateText(facts.at, way(3)),
    iteminfo: {
      ...(announced ? {} : { genre: malformed === "genres" ? [7] : list(facts.genres, alone) }),
      ...(announced || facts.performers.length === 0 ? {} : { actress: list(facts.performers, alone) }),
      maker: list([facts.maker], alone),
      ...(facts.series === undefined ? {} : { series: list([facts.series], alone) }),
      ...(facts.label === undefined ? missing : { label: list([facts.label], alone) }),
      ...(facts.director === undefined ? {} : { director: list([facts.director], alone) }),
    },
    ...(campaign === undefined
      ? {}
      : {
          campaign: [
            {
              date_begin: "",
              date_end: alone
                ? new Date(campaign.endsAt).toISOString().replace(".000Z", "Z")
                : dateText(campaign.endsAt, 0),
              title: campaign.title,
            },
          ],
        }),
  };
}
