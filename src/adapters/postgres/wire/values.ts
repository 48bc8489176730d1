/**
 * A parameter as text: the server knows from the statement which type it must be. JSON is sent as text and cast.
 *
 * @param value What a statement was given.
 * @returns Text, or null.
 * @throws TypeError For lists and objects, whose text depends on a type that only the server knows.
 */
export function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    return String(value);
  }
  if (value instanceof Date) return value.toISOString();
  throw new TypeError(
    "Cannot send a parameter as it must be text, a number, a boolean, a moment or null: give a list or an object as JSON",
  );
}

type Read = (text: string) => unknown;

// By the ids of their types, which are the same on every server: src/include/catalog/pg_type.dat.
const scalars: readonly (readonly [type: number, list: number, read: Read])[] = [
  [16, 1000, (text) => text === "t"],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [700, 1021, Number],
  [701, 1022, Number],
  [114, 199, (text) => JSON.parse(text) as unknown],
  [3802, 3807, (text) => JSON.parse(text) as unknown],
  [1082, 1182, (text) => new Date(text)],
  [1114, 1115, (text) => new Date(text)],
  [1184, 1185, (text) => new Date(text)],
  [25, 1009, String],
  [1043, 1015, String],
  [19, 1003, String],
  [20, 1016, String],
  [1700, 1231, String],
];
const readers: ReadonlyMap<number, Read> = new Map(
  scalars.flatMap(([type, list, read]): [number, Read][] => [
    [type, read],
    [list, (text) => readList(text, read)],
  ]),
);

/**
 * How a column's text becomes a value: numbers, booleans, JSON, moments and lists of them; 64-bit and exact numbers
 * stay text, as JavaScript has none, and so does every other type.
 *
 * @param type The id of its type.
 * @returns Reads a text.
 */
export function readerOf(type: number): Read {
  return readers.get(type) ?? String;
}

/** `{a,"b, \"c\"",NULL,{d}}`: a list as Postgres writes it. */
function readList(text: string, read: Read): unknown[] {
  let at = 0;
  const list = (): unknown[] => {
    const items: unknown[] = [];
    at++;
    while (text[at] !== "}") {
      if (text[at] === ",") at++;
      if (text[at] === "{") items.push(list());
      else if (text[at] === '"') items.push(read(quoted()));
      else {
        const end = /[,}]/g;
        end.lastIndex = at;
        const found = text.slice(at, end.exec(text)!.index);
        at += found.length;
        items.push(found === "NULL" ? null : read(found));
      }
    }
    at++;
    return items;
  };
  const quoted = (): string => {
    const end = /(?:[^"\\]|\\.)*/gsu;
    end.lastIndex = at + 1;
    const found = end.exec(text)![0];
    at += found.length + 2;
    return found.replace(/\\(.)/gsu, "$1");
  };
  return list();
}
