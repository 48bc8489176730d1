/** A source file seen two ways; both keep every line break and every column, so that positions stay true. */
export interface SourceText {
  /** Comments blanked, strings kept: where to look for imports. */
  readonly withoutComments: string;
  /** Comments and the contents of strings, templates and regular expressions blanked: where to look for words. */
  readonly code: string;
}

// After one of these a slash begins a regular expression, elsewhere it divides.
const beforeRegExp = /(?:^|[=(,:[!&|?{};+*%<>~^-]|=>|\b(?:return|typeof|case|in|of|void|throw|await))\s*$/;

/**
 * Blanks comments and strings. A scanner rather than a parser: it knows comments, quotes, templates with nested
 * expressions, and regular expressions, which is all that the checks of this folder need.
 *
 * @param source TypeScript.
 * @returns Both views.
 */
export function readSourceText(source: string): SourceText {
  const withoutComments = source.split("");
  const code = source.split("");
  const blank = (target: string[], from: number, to: number): void => {
    for (let i = from; i < to; i++) if (target[i] !== "\n") target[i] = " ";
  };
  // Depth of braces inside each open `${`: the brace that returns to 0 resumes the template.
  const templates: number[] = [];
  let at = 0;
  const skipTo = (end: number, comment: boolean): void => {
    if (comment) blank(withoutComments, at, end);
    // Quotes stay, so that `import x from ""` can still be told from `import x`.
    blank(code, comment ? at : at + 1, comment ? end : end - 1);
    at = end;
  };
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const char = source[at]!;
    if (two === "//") skipTo(endOf(source, at, /\n|$/g, 0), true);
    else if (two === "/*") skipTo(endOf(source, at + 2, /\*\/|$/g), true);
    else if (char === '"' || char === "'") {
      skipTo(
        endOf(source, at + 1, char === '"' ? /(?<!\\)(?:\\\\)*(?:"|\n|$)/g : /(?<!\\)(?:\\\\)*(?:'|\n|$)/g),
        false,
      );
    } else if (char === "`" || (char === "}" && templates.at(-1) === 0)) {
      if (char === "}") templates.pop();
      const end = endOf(source, at + 1, /(?<!\\)(?:\\\\)*(?:`|\$\{|$)/g);
      if (source.slice(end - 2, end) === "${") templates.push(0);
      skipTo(end, false);
    } else if (char === "/" && beforeRegExp.test(source.slice(Math.max(0, at - 40), at))) {
      skipTo(endOf(source, at + 1, /(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\//y) || at + 1, false);
    } else {
      if (templates.length > 0 && char === "{") templates[templates.length - 1]!++;
      if (templates.length > 0 && char === "}") templates[templates.length - 1]!--;
      at++;
    }
  }
  return { withoutComments: withoutComments.join(""), code: code.join("") };
}

function endOf(source: string, from: number, pattern: RegExp, include = 1): number {
  pattern.lastIndex = from;
  const match = pattern.exec(source);
  if (match === null) return 0;
  return include === 1 ? match.index + match[0].length : match.index;
}

/** The line, counted from 1, that a position of a text is on. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i !== -1 && i < position; i = text.indexOf("\n", i + 1)) line++;
  return line;
}
