import type { FieldValue } from "../item.ts";
import { type DmmFloor, hasRunningTime } from "./dmm-floor.ts";
import {
  dmmList,
  dmmMinutes,
  dmmMoment,
  dmmName,
  dmmPrice,
  dmmUrl,
  isAbsent,
  isRecord,
  isStorable,
  textOrNumber,
} from "./dmm-values.ts";

/** Where a value that could not be read stands, what would have been right, and what stood there. */
export type Complain = (path: string, expected: string, found: unknown) => void;

/** What a date that cannot be read should have been. */
export const dateForm = "a date such as 2025-06-06 00:00:32";

/**
 * The fields of an item, as far as they can be read.
 *
 * @param raw A row of ItemList.
 * @param floor Where it was listed.
 * @param complain Told of everything else.
 */
export function dmmFields(
  raw: Readonly<Record<string, unknown>>,
  floor: DmmFloor,
  complain: Complain,
): Record<string, FieldValue | undefined> {
  const info = recordAt(raw, "iteminfo", complain);
  const names = (kind: string): readonly string[] => namesOf(info[kind], `iteminfo.${kind}`, complain);
  const known = (list: readonly string[]): readonly string[] | undefined =>
    list.length === 0 ? undefined : list;
  const text = (member: string): string | undefined =>
    optional(raw[member], { path: member, expected: "a text", read: storableText, complain });
  return {
    service: floor.service,
    floor: floor.floor,
    productId: text("product_id"),
    category: text("category_name"),
    description: text("comment"),
    stock: text("stock"),
    genres: names("genre"),
    performers: names("actress"),
    actors: known(names("actor")),
    directors: known(names("director")),
    authors: known(names("author")),
    tags: known(names("keyword")),
    maker: names("maker")[0] ?? names("manufacture")[0],
    series: names("series")[0],
    label: names("label")[0],
    // Of what is only announced the running time is 0.
    durationMinutes: hasRunningTime(floor)
      ? optional(raw.volume, {
          path: "volume",
          expected: "minutes, or h:mm:ss",
          read: dmmMinutes,
          complain,
        }) || undefined
      : undefined,
    url: optional(raw.URL, { path: "URL", expected: "a web address", read: dmmUrl, complain }),
    ...imagesOf(raw, complain),
    ...pricesOf(raw, complain),
    ...reviewsOf(raw, complain),
    ...campaignsOf(raw, complain),
  };
}

function imagesOf(
  raw: Readonly<Record<string, unknown>>,
  complain: Complain,
): Record<string, FieldValue | undefined> {
  const images = recordAt(raw, "imageURL", complain);
  const image = (size: string): string | undefined =>
    optional(images[size], { path: `imageURL.${size}`, expected: "a web address", read: dmmUrl, complain });
  const [large, small, list] = [image("large"), image("small"), image("list")];
  const samples = recordAt(raw, "sampleImageURL", complain);
  const path = isAbsent(samples.sample_l) ? "sample_s" : "sample_l";
  const addresses = dmmList(recordAt(samples, path, complain).image).flatMap(
    (value) =>
      optional(value, {
        path: `sampleImageURL.${path}.image`,
        expected: "a web address",
        read: dmmUrl,
        complain,
      }) ?? [],
  );
  return {
    thumbnailUrl: large ?? small ?? list,
    sampleImageUrls: addresses.length === 0 ? undefined : addresses,
  };
}

function pricesOf(
  raw: Readonly<Record<string, unknown>>,
  complain: Complain,
): Record<string, FieldValue | undefined> {
  const prices = recordAt(raw, "prices", complain);
  const read = (value: unknown, path: string) =>
    optional(value, { path, expected: "a price such as 500~", read: dmmPrice, complain });
  const deliveries = dmmList(recordAt(prices, "deliveries", complain).delivery).flatMap((delivery) => {
    if (isRecord(delivery)) return read(delivery.price, "prices.deliveries.delivery.price")?.yen ?? [];
    complain("prices.deliveries.delivery", "an object", delivery);
    return [];
  });
  const price = read(prices.price, "prices.price");
  const lowest = deliveries.length === 0 ? undefined : Math.min(...deliveries);
  return {
    price: price?.yen ?? lowest,
    priceFrom: (price?.from ?? deliveries.length > 1) || undefined,
    listPrice: read(prices.list_price, "prices.list_price")?.yen,
  };
}

function reviewsOf(
  raw: Readonly<Record<string, unknown>>,
  complain: Complain,
): Record<string, FieldValue | undefined> {
  const review = recordAt(raw, "review", complain);
  const read = (member: string, max: number): number | undefined =>
    optional(review[member], {
      path: `review.${member}`,
      expected: `a number from 0 to ${max}`,
      read: (value) => numberUpTo(value, max),
      complain,
    });
  const count = read("count", 1e9) ?? 0;
  const average = read("average", 5);
  // Nobody's average is not a bad one.
  return { reviewCount: Math.floor(count), reviewAverage: count === 0 ? undefined : average };
}

function campaignsOf(
  raw: Readonly<Record<string, unknown>>,
  complain: Complain,
): Record<string, FieldValue | undefined> {
  const titles: string[] = [];
  let endsAt: number | undefined;
  for (const campaign of dmmList(raw.campaign)) {
    if (!isRecord(campaign)) {
      complain("campaign", "an object", campaign);
      continue;
    }
    const title = optional(campaign.title, {
      path: "campaign.title",
      expected: "a text",
      read: storableText,
      complain,
    });
    const end = optional(campaign.date_end, {
      path: "campaign.date_end",
      expected: dateForm,
      read: dmmMoment,
      complain,
    });
    if (title !== undefined) titles.push(title);
    if (end !== undefined) endsAt = Math.max(end, endsAt ?? end);
  }
  return { campaigns: titles.length === 0 ? undefined : titles, campaignEndsAt: endsAt };
}

function namesOf(value: unknown, path: string, complain: Complain): readonly string[] {
  const names = new Set<string>();
  for (const entry of dmmList(value)) {
    const name = dmmName(entry);
    if (name === undefined) complain(path, "an id and a name", entry);
    else if (name !== null) names.add(name);
  }
  return [...names];
}

/** Reads a value that may be missing; one that is there and cannot be read is complained of. */
export function optional<Value>(
  value: unknown,
  {
    path,
    expected,
    read,
    complain,
  }: {
    readonly path: string;
    readonly expected: string;
    readonly read: (value: unknown) => Value | undefined;
    readonly complain: Complain;
  },
): Value | undefined {
  if (isAbsent(value)) return undefined;
  const result = read(value);
  if (result === undefined) complain(path, expected, value);
  return result;
}

/** An object that may be missing; XML-born, the API also writes an empty one as an empty list. */
function recordAt(
  parent: Readonly<Record<string, unknown>>,
  member: string,
  complain: Complain,
): Readonly<Record<string, unknown>> {
  const value = parent[member];
  if (isRecord(value)) return value;
  if (!isAbsent(value) && !(Array.isArray(value) && value.length === 0)) complain(member, "an object", value);
  return {};
}

function storableText(value: unknown): string | undefined {
  const text = textOrNumber(value);
  return text !== "" && isStorable(text) ? text : undefined;
}

function numberUpTo(value: unknown, max: number): number | undefined {
  const text = textOrNumber(value);
  if (!/^\d+(?:\.\d+)?$/.test(text)) return undefined;
  return Number(text) <= max ? Number(text) : undefined;
}
