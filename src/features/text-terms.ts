/** Text beyond this many characters is not read. */
const maxLength = 4_000;

/**
 * Cuts text into terms without a dictionary: words where words are parted by spaces, character n-grams where they
 * are not (Japanese, Chinese, Korean).
 *
 * `Intl.Segmenter` would part Japanese words, but by the dictionary of the ICU at hand, which differs between
 * runtimes and versions: a model trained in Node would read other terms at the edge. N-grams are the same everywhere.
 *
 * @param text Any text; normalised by NFKC and lower-cased, so that full-width and half-width forms meet.
 * @param visit Called with each term in order, repeated ones again.
 */
export function forEachTerm(text: string, visit: (term: string) => void): void {
  const clean = text.slice(0, maxLength).toWellFormed().normalize("NFKC").toLowerCase().slice(0, maxLength);
  let start = 0;
  let run: CharacterClass = "other";
  for (let at = 0; at <= clean.length; ) {
    const point = at < clean.length ? clean.codePointAt(at)! : -1;
    const next = point < 0 ? "other" : classOf(point);
    if (next !== run) {
      if (run === "word") visit(clean.slice(start, at));
      else if (run === "dense") forEachGram(clean.slice(start, at), visit);
      run = next;
      start = at;
    }
    at += point > 0xffff ? 2 : 1;
  }
}

type CharacterClass = "word" | "dense" | "other";

// Two and three characters: most Japanese content words are two kanji or a few kana.
function forEachGram(run: string, visit: (term: string) => void): void {
  if (run.length < 2) {
    visit(run);
    return;
  }
  for (let at = 0; at + 2 <= run.length; at++) {
    visit(run.slice(at, at + 2));
    if (at + 3 <= run.length) visit(run.slice(at, at + 3));
  }
}

const letterOrDigit = /[\p{L}\p{N}\p{M}]/u;

function classOf(point: number): CharacterClass {
  if (point < 0x80) {
    const word = (point >= 0x61 && point <= 0x7a) || (point >= 0x30 && point <= 0x39);
    return word ? "word" : "other";
  }
  // Kana, prolonged sound and iteration marks; unified ideographs; Hangul; ideographs beyond the first plane.
  if (
    (point >= 0x3041 && point <= 0x30ff && point !== 0x30fb) ||
    (point >= 0x3005 && point <= 0x3007) ||
    (point >= 0x3400 && point <= 0x9fff) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0x20000 && point <= 0x3ffff)
  ) {
    return "dense";
  }
  return letterOrDigit.test(String.fromCodePoint(point)) ? "word" : "other";
}
