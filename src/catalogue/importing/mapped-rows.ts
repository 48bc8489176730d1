import type { CatalogueEvent } from "../event.ts";
import type { FieldValue } from "../item.ts";
import { declaredAgeConfirmation, type ImportRow } from "./import-plan.ts";
import {
  booleanReader,
  type Complain,
  fieldReader,
  idReader,
  momentReader,
  type NamedColumn,
  numberReader,
  textReader,
  type ValueReader,
} from "./mapped-value.ts";
import type { EventsMapping, ItemsMapping, PeopleMapping } from "./mapping.ts";

/** What a row means, without its place; undefined where something in it was complained of. */
export type RowMeaning =
  | Pick<Extract<ImportRow, { kind: "item" }>, "kind" | "item">
  | Pick<Extract<ImportRow, { kind: "person" }>, "kind" | "person">
  | Pick<Extract<ImportRow, { kind: "event" }>, "kind" | "event">
  | { readonly kind: "neutral" };

/** Gives the meaning of a row. */
export type RowMapper = (row: unknown, complain: Complain) => RowMeaning | undefined;

/** Finds a column by what the mapping calls it; `member` says where in the mapping, for the error. */
export type FindColumn = (from: string, member: string) => NamedColumn;

/** The reader of item rows. */
export function itemMapper(mapping: ItemsMapping, find: FindColumn): RowMapper {
  const id = idReader(find(mapping.id, "id"));
  const title = textReader(find(mapping.title, "title"));
  const releasedAt = optionalMoment(mapping.releasedAt, "releasedAt", find);
  const withdrawn =
    mapping.withdrawn === undefined ? absent : booleanReader(find(mapping.withdrawn, "withdrawn"));
  const fields = fieldsReader(mapping.fields, find);
  return (row, complain) => {
    const item = {
      id: id(row, complain),
      title: title(row, complain),
      fields: fields(row, complain),
      releasedAt: releasedAt(row, complain),
      withdrawn: withdrawn(row, complain),
    };
    if (item.id === undefined || item.title === undefined) return undefined;
    return {
      kind: "item",
      item: {
        id: item.id,
        title: item.title,
        fields: item.fields,
        ...(item.releasedAt === undefined ? {} : { releasedAt: item.releasedAt }),
        ...(item.withdrawn === undefined ? {} : { withdrawn: item.withdrawn }),
      },
    };
  };
}

/** The reader of person rows; `ageConfirmed` declares it of everyone of whom the rows do not say when. */
export function personMapper(
  mapping: PeopleMapping,
  find: FindColumn,
  { ageConfirmed }: { readonly ageConfirmed: boolean },
): RowMapper {
  const id = idReader(find(mapping.id, "id"));
  const confirmed = optionalMoment(mapping.ageConfirmedAt, "ageConfirmedAt", find);
  // Where the rows do say, silence means no: a flag for all must not overrule it.
  const otherwise =
    ageConfirmed && mapping.ageConfirmedAt === undefined ? declaredAgeConfirmation : undefined;
  const fields = fieldsReader(mapping.fields, find);
  return (row, complain) => {
    const personId = id(row, complain);
    const facts = fields(row, complain);
    const ageConfirmedAt = confirmed(row, complain) ?? otherwise;
    if (personId === undefined) return undefined;
    return {
      kind: "person",
      person: { id: personId, fields: facts, ...(ageConfirmedAt === undefined ? {} : { ageConfirmedAt }) },
    };
  };
}

/** The reader of event rows. */
export function eventMapper(mapping: EventsMapping, find: FindColumn): RowMapper {
  const person = idReader(find(mapping.person, "person"));
  const item = idReader(find(mapping.item, "item"));
  const at = momentReader(find(mapping.at.from, "at"), { unit: mapping.at.unit, required: true });
  const what = eventReader(mapping, find);
  return (row, complain) => {
    const personId = person(row, complain);
    const itemId = item(row, complain);
    const moment = at(row, complain);
    const happened = what(row, complain);
    if (personId === undefined || itemId === undefined || moment === undefined || happened === undefined) {
      return undefined;
    }
    if (happened === "neutral") return { kind: "neutral" };
    return { kind: "event", event: { personId, itemId, at: moment, ...happened } };
  };
}

type Happened = Pick<CatalogueEvent, "kind" | "watchFraction" | "watchSeconds"> | "neutral";

function eventReader(mapping: EventsMapping, find: FindColumn): ValueReader<Happened> {
  switch (mapping.kind) {
    case "like":
    case "nope": {
      const happened = { kind: mapping.kind };
      return () => happened;
    }
    case "rating": {
      const bounds = { min: -Infinity, max: Infinity, required: true };
      const rating = numberReader(find(mapping.rating, "rating"), bounds);
      return (row, complain) => {
        const value = rating(row, complain);
        if (value === undefined) return undefined;
        if (value >= mapping.like) return { kind: "like" };
        return value <= (mapping.nope ?? -Infinity) ? { kind: "nope" } : "neutral";
      };
    }
    case "decision": {
      const { name, column } = find(mapping.decision, "decision");
      const known = [...mapping.like, ...mapping.nope, ...mapping.ignore];
      return (row, complain) => {
        const value = column(row);
        const word = typeof value === "string" ? value.trim() : String(value);
        if (mapping.like.includes(word)) return { kind: "like" };
        if (mapping.nope.includes(word)) return { kind: "nope" };
        if (mapping.ignore.includes(word)) return "neutral";
        complain(name, `one of ${known.join(", ")}`, value);
        return undefined;
      };
    }
    case "view":
      return viewReader(mapping, find);
  }
}

function viewReader(
  mapping: Extract<EventsMapping, { kind: "view" }>,
  find: FindColumn,
): ValueReader<Happened> {
  const number = (from: string | undefined, member: string, max: number): ValueReader<number> =>
    from === undefined ? absent : numberReader(find(from, member), { min: 0, max, required: false });
  const seconds = number(mapping.watchSeconds, "watchSeconds", Infinity);
  const duration = number(mapping.durationSeconds, "durationSeconds", Infinity);
  const fraction = number(mapping.watchFraction, "watchFraction", 1);
  return (row, complain) => {
    const watchSeconds = seconds(row, complain);
    const durationSeconds = duration(row, complain);
    const share =
      watchSeconds === undefined || !durationSeconds
        ? undefined
        : Math.min(1, watchSeconds / durationSeconds);
    const watchFraction = fraction(row, complain) ?? share;
    return {
      kind: "view",
      ...(watchFraction === undefined ? {} : { watchFraction }),
      ...(watchSeconds === undefined ? {} : { watchSeconds }),
    };
  };
}

function fieldsReader(
  mapping: ItemsMapping["fields"],
  find: FindColumn,
): (row: unknown, complain: Complain) => Record<string, FieldValue> {
  const readers = Object.entries(mapping).map(
    ([name, { from, type, separator }]) =>
      [name, fieldReader(find(from, `fields.${name}`), { type, separator })] as const,
  );
  return (row, complain) => {
    const fields: Record<string, FieldValue> = {};
    for (const [name, read] of readers) {
      const value = read(row, complain);
      if (value !== undefined) fields[name] = value;
    }
    return fields;
  };
}

function optionalMoment(
  mapping: ItemsMapping["releasedAt"],
  member: string,
  find: FindColumn,
): ValueReader<number> {
  if (mapping === undefined) return absent;
  return momentReader(find(mapping.from, member), { unit: mapping.unit, required: false });
}

const absent = (): undefined => undefined;
