import { describe, expect, test } from "vitest";
import { checkSource } from "./check-imports.ts";
import { readSourceText } from "./source-text.ts";
import { findUnreached } from "./unreached-files.ts";

const messages = (path: string, source: string): string[] =>
  checkSource(path, source).map((line) => line.slice(line.indexOf(" ") + 1));

describe("[AR1] imports look upstream", () => {
  test("a stage may import its own folder and those before it", () => {
    expect(
      checkSource(
        "src/training/loss.ts",
        'import { a } from "./batch.ts";\nimport { b } from "../graph/mod.ts";\n',
      ),
    ).toEqual([]);
  });

  test("a stage may not import one after it, whatever the form", () => {
    for (const statement of [
      'import { a } from "../training/mod.ts";',
      'import type { A } from "../training/mod.ts";',
      'export * from "../training/mod.ts";',
      'import {\n  a,\n  b,\n} from "../training/mod.ts";',
      'import "../training/mod.ts";',
      'const a = await import("../training/mod.ts");',
    ]) {
      expect(messages("src/graph/op.ts", statement), statement).toEqual([
        "imports training, which is not upstream of graph: the order is folderOrder",
      ]);
    }
  });

  test("adapters import stages, never the reverse, nor each other", () => {
    expect(checkSource("src/adapters/postgres/a.ts", 'import { a } from "../../catalogue/mod.ts";')).toEqual(
      [],
    );
    expect(messages("src/service/a.ts", 'import { a } from "../adapters/postgres/mod.ts";')).toHaveLength(1);
    expect(messages("src/adapters/blob-fs/a.ts", 'import { a } from "../postgres/mod.ts";')).toHaveLength(1);
  });

  test("other folders are entered through their mod.ts only", () => {
    expect(messages("src/towers/a.ts", 'import { a } from "../graph/op.ts";')).toEqual([
      "must enter graph through its mod.ts: current value is ../graph/op.ts",
    ]);
    expect(messages("bench/a.ts", 'import { a } from "../src/graph/op.ts";')).toHaveLength(1);
    expect(checkSource("bench/a.ts", 'import { a } from "../src/graph/mod.ts";')).toEqual([]);
  });

  test("a test may reach downstream and into a conformance suite", () => {
    expect(checkSource("src/training/a.test.ts", 'import { a } from "../adapters/ort-node/mod.ts";')).toEqual(
      [],
    );
    const suite = 'import { testBlobStore } from "../../base/blob-store.conformance.ts";';
    expect(checkSource("src/adapters/blob-fs/a.test.ts", suite)).toEqual([]);
    expect(checkSource("src/adapters/blob-fs/a.ts", suite)).toHaveLength(1);
    expect(checkSource("tests/a.test.ts", 'import { a } from "../src/cli/a.ts";')).toEqual([]);
    expect(checkSource("tests/a.ts", 'import { a } from "../src/cli/a.ts";')).toHaveLength(1);
  });

  test("a folder outside the order is a violation", () => {
    expect(checkSource("src/stuff/a.ts", "")).toHaveLength(1);
  });

  test("the line of the violation is named", () => {
    expect(checkSource("src/base/a.ts", '\n\nimport { a } from "../graph/mod.ts";')[0]).toMatch(
      /^src\/base\/a\.ts:3 /,
    );
  });
});

describe("[AR2] the core is portable", () => {
  test.each(["node:fs", "pino", "onnxruntime-node"])("%s may not be imported", (name) => {
    expect(messages("src/base/a.ts", `import { a } from "${name}";`)).toHaveLength(1);
    expect(checkSource("src/adapters/x/a.ts", `import { a } from "${name}";`)).toEqual([]);
  });

  test("packages that run everywhere may be imported", () => {
    expect(checkSource("src/base/a.ts", 'import { sha256 } from "@noble/hashes/sha2.js";')).toEqual([]);
  });

  test.each([
    "process.env",
    "Buffer.from(x)",
    "Deno.cwd()",
    "import.meta.url",
    "new Function('x')",
    "eval(x)",
    "require(x)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the source under test.
    "`a ${process.argv} b`",
  ])("%s may not be said", (expression) => {
    expect(messages("src/base/a.ts", `export const a = ${expression};`)).toHaveLength(1);
    expect(checkSource("src/cli/a.ts", `export const a = ${expression};`)).toEqual([]);
  });

  test("comments, strings, members and longer words are not meant", () => {
    const source = [
      "// process and Buffer",
      "/* Deno\n eval( */",
      'export const a = "process.env" + `Buffer`;',
      "export const b = queue.process(new ArrayBuffer(8));",
      "export const c = { process: 1 };",
      "export const d = /process['\"]/.test(a) ? 4 / 2 / 1 : 0;",
    ].join("\n");
    expect(checkSource("src/base/a.ts", source)).toEqual([]);
  });
});

describe("[AR3] forms that the edge deploy sees", () => {
  test("a dynamic import is a string literal on one line", () => {
    expect(messages("src/base/a.ts", "await import(name);")).toHaveLength(1);
    expect(messages("src/base/a.ts", 'await import(\n  "./b.ts"\n);')).toHaveLength(1);
    expect(checkSource("src/base/a.ts", 'await import("./b.ts");')).toEqual([]);
  });

  test("a default import does not share a multi-line statement with names", () => {
    expect(messages("src/cli/a.ts", 'import d, {\n  e,\n} from "./b.ts";')).toHaveLength(1);
    expect(checkSource("src/cli/a.ts", 'import d, { e } from "./b.ts";')).toEqual([]);
  });
});

describe("[AR4] files", () => {
  test("mod.ts contains only re-exports", () => {
    const list =
      '// why\nexport { a, type B } from "./a.ts";\nexport type { C } from "./c.ts";\nexport * from "./d.ts";\n';
    expect(checkSource("src/base/mod.ts", list)).toEqual([]);
    expect(messages("src/base/mod.ts", "export const a = 1;")).toEqual(["must contain only re-exports"]);
  });

  test("names say what a file holds, in kebab-case", () => {
    expect(checkSource("src/base/in-batch-negatives.ts", "")).toEqual([]);
    for (const name of ["utils.ts", "string-helpers.ts", "common/a.ts", "pool-manager.ts", "inBatch.ts"]) {
      expect(checkSource(`src/base/${name}`, ""), name).toHaveLength(1);
    }
  });

  test("no file is longer than 400 lines", () => {
    expect(checkSource("src/base/a.ts", "\n".repeat(400))).toEqual([]);
    expect(checkSource("src/base/a.ts", "\n".repeat(401))).toHaveLength(1);
  });
});

test("findUnreached() finds what no program gets to", () => {
  const files = [
    { path: "src/mod.ts", source: 'export { a } from "./base/mod.ts";' },
    { path: "src/base/mod.ts", source: 'export { a } from "./a.ts";\n// "./left.ts"' },
    { path: "src/base/a.ts", source: 'const b = await import("./b.ts");' },
    { path: "src/base/b.ts", source: "" },
    { path: "src/base/left.ts", source: 'import { a } from "./a.ts";' },
    { path: "src/base/a.test.ts", source: 'import { left } from "./left.ts";' },
  ];
  expect(findUnreached(files)).toEqual(["src/base/left.ts"]);
});

describe("readSourceText()", () => {
  test("blanks without moving anything", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the source under test.
    const source = 'const a = "x // y"; // z\nconst b = `p ${f({ q: "r" })} s`; /* t\nu */ const c = a / b;';
    const { withoutComments, code } = readSourceText(source);
    expect(withoutComments).toHaveLength(source.length);
    expect(withoutComments).toBe(source.replace("// z", "    ").replace(/\/\* t\nu \*\//, "    \n    "));
    expect(code).toContain('f({ q: " " })');
    expect(code).toContain("const c = a / b;");
    expect(code).not.toMatch(/[pqrsxyz] \/\/|[psu] /);
  });
});
