// What the bundle has in place of postgres.js's subscription to changes: it would be made ready with every pool.

// biome-ignore lint/style/noDefaultExport: it stands for a module that has one
export default function subscription(): () => never {
  return () => {
    throw new TypeError("Cannot subscribe to changes in an edge function as that must be bundled: it is not");
  };
}
