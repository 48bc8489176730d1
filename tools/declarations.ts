import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readSourceText } from "./source-text.ts";

/** One export as the emitted declarations show it. */
export interface Declaration {
  /** `graph.add` for a member of a namespace. */
  readonly name: string;
  /** Where it is declared, without extension and relative to the declarations' root: `base/errors`. */
  readonly file: string;
  /** The doc comment's text without its stars; empty where there is none. */
  readonly doc: string;
  /** The declaration without comments. */
  readonly text: string;
}

interface Statement {
  readonly doc: string;
  readonly text: string;
}

/**
 * Lists what a module exports, through its re-exports.
 *
 * @param root Where `tsc --declaration` wrote.
 * @param file The module below it, without extension.
 * @returns By name, sorted.
 * @throws TypeError When a re-export cannot be followed.
 */
export function readDeclarations(root: string, file: string): readonly Declaration[] {
  const found = new Map<string, Declaration>();
  for (const { doc, text } of statementsOf(join(root, `${file}.d.ts`))) {
    const list = /^export (?:type )?\{([^}]*)\}(?: from "([^"]+)")?/.exec(text);
    const star = /^export \* (?:as (?<space>\w+) )?from "(?<from>[^"]+)"/.exec(text);
    const named =
      /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function|class|interface|type)\s+([\w$]+)/.exec(
        text,
      );
    if (star !== null) {
      const space = star.groups?.["space"];
      for (const each of readDeclarations(root, target(star.groups!["from"]!))) {
        const name = space === undefined ? each.name : `${space}.${each.name}`;
        found.set(name, { ...each, name });
      }
    } else if (list !== null && list[2] !== undefined) {
      const from = new Map(readDeclarations(root, target(list[2])).map((each) => [each.name, each]));
      for (const entry of list[1]!.split(",")) {
        const [original, name = original] = entry
          .replace(/^\s*type\s/, "")
          .trim()
          .split(/\s+as\s+/);
        if (original === undefined || original === "") continue;
        const declaration = from.get(original);
        if (declaration === undefined)
          throw new TypeError(`Cannot follow "${original}" from ${file} to ${list[2]}`);
        found.set(name!, { ...declaration, name: name! });
      }
    } else if (named !== null) {
      // Overloads share a name; the first carries the documentation.
      const before = found.get(named[1]!);
      found.set(named[1]!, {
        name: named[1]!,
        file,
        doc: before?.doc || doc,
        text: before === undefined ? text : `${before.text}\n${text}`,
      });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

  function target(specifier: string): string {
    const path = join(dirname(file), specifier).replace(/\.(?:ts|js)$/, "");
    if (!existsSync(join(root, `${path}.d.ts`))) throw new TypeError(`Cannot follow ${file} to ${specifier}`);
    return path;
  }
}

function statementsOf(path: string): Statement[] {
  const source = readFileSync(path, "utf8");
  const statements: Statement[] = [];
  let doc = "";
  // The emitter starts every statement and its comment at the margin, and nothing else there.
  for (const part of source.split(/^(?=\/\*\*|export |import |declare |interface |type )/m)) {
    if (part.startsWith("/**")) {
      doc = part
        .replace(/^\/\*\*|\*\/\s*$/g, "")
        .replace(/^\s*\* ?/gm, "")
        .trim();
    } else {
      const text = readSourceText(part)
        .withoutComments.replace(/^\s*\n/gm, "")
        .replace(/\/\/# .*/, "")
        .trim();
      if (text !== "") statements.push({ doc, text });
      doc = "";
    }
  }
  return statements;
}
