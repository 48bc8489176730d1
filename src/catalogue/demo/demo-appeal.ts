import { type DemoItem, hiddenDims } from "./demo-items.ts";
import type { DemoViewer } from "./demo-viewers.ts";

/**
 * How much each viewer cares for each video, leaving time and chance aside.
 *
 * appeal = genres + makers + performers + tags (what content can tell)
 *        + hidden viewer · hidden item (what only behaviour can tell) + quality
 *
 * @param viewer Whose taste.
 * @param items What to judge.
 * @returns One number for each item; about standard normal, with a long upper end.
 */
export function appealOf(viewer: DemoViewer, items: readonly DemoItem[]): Float32Array {
  return Float32Array.from(items, (item) => {
    let content = viewer.genres[item.genres[0]!]!;
    for (let g = 1; g < item.genres.length; g++) content += 0.35 * viewer.genres[item.genres[g]!]!;
    content += 0.9 * viewer.makers[item.maker]!;
    let known = 0;
    for (const performer of item.performers) known = Math.max(known, viewer.performers[performer]!);
    let tags = 0;
    for (const tag of item.tags) tags += viewer.tags[tag]!;
    let hidden = 0;
    for (let d = 0; d < hiddenDims; d++) hidden += viewer.hidden[d]! * item.hidden[d]!;
    return content + 1.3 * known + 0.35 * tags + (0.9 * hidden) / Math.sqrt(hiddenDims) + 0.75 * item.quality;
  });
}
