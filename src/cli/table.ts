/**
 * Rows as text in columns.
 *
 * @param rows Cells; the first row is the heading.
 * @returns Lines; numbers stand right, everything else left. A wide character counts two columns.
 */
export function tableOf(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(String(cell)));
  }
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = " ".repeat(widths[i]! - widthOf(String(cell)));
        return typeof cell === "number" ? pad + cell : cell + pad;
      })
      .join("  ")
      .trimEnd(),
  );
}

// East Asian wide characters: kana, CJK, hangul, full-width forms.
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += wide.test(character) ? 2 : 1;
  return width;
}
