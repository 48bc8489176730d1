import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("runtimes that are not installed are left out, or refused with how to install them where they are asked for", () => {
  // A process of its own, in which the two optional packages cannot be found.
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(specifier, context, next) {
        if (/^(?:@tensorflow|onnxruntime-web)/.test(specifier)) throw new Error("no such package");
        return next(specifier, context);
      },
    });
    const { towerOpeners } = await import(${JSON.stringify(new URL("./tower-openers.ts", import.meta.url).href)});
    const { openers, leftOut } = await towerOpeners(undefined);
    const refused = await towerOpeners(["portable", "tfjs"]).catch(({ code }) => code);
    console.log(JSON.stringify({ names: openers.map(({ name }) => name), leftOut, refused }));`;
  const found = JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }),
  );
  expect(found.names).toEqual(["onnxruntime-node", "portable"]);
  expect(found.leftOut.join("\n")).toMatch(
    /onnxruntime-web: .*npm install onnxruntime-web\ntfjs: .*npm install @tensorflow\/tfjs-core @tensorflow\/tfjs-layers/,
  );
  expect(found.refused).toBe("device_unavailable");
});
