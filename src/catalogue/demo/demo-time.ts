/** Milliseconds of a day. */
export const dayMs = 86_400_000;

/** The demo's history ends here, always: a fixed moment, so that the same seed is the same data for ever. */
export const demoEnd: number = Date.UTC(2026, 9, 1);

/** Days of history: six months. */
export const demoDays = 183;

/** Where the history begins. */
export const demoStart: number = demoEnd - demoDays * dayMs;

/** Japan's offset from UTC: the demo's viewers watch in their own evening. */
export const japanOffset: number = 9 * 3_600_000;
