// What the engines say: V8 and its typed arrays, WebAssembly, C++ behind ONNX Runtime, its arenas, and devices.
const words =
  /bad_alloc|out of memory|failed to allocate|allocation failed|invalid (typed )?array length|could not allocate|maximum memory size exceeded/i;

/**
 * Whether something failed for want of memory, so that less at once may succeed.
 *
 * @param error What was caught; its causes are looked at too.
 * @returns True where it, or what caused it, says so.
 */
export function isOutOfMemory(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    if (words.test(at.message)) return true;
    at = at.cause;
  }
  return false;
}
