export { choosePenalty, easeMap, easePenalties, gramMatrix, type LikedItems } from "./ease-map.ts";
export { type InvertOptions, invertInPlace } from "./invert.ts";
export { type DirectionOptions, principalDirections } from "./principal-directions.ts";
