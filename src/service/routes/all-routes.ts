import { blocks } from "./blocks.ts";
import { confirmAge } from "./confirm-age.ts";
import { dmmContentSync } from "./dmm-content-sync.ts";
import { erasePerson } from "./erase-person.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { exportPerson } from "./export-person.ts";
import { itemEmbedding } from "./item-embedding.ts";
import { recommendations, recommendationsAlias } from "./recommendations.ts";
import { reloadModels } from "./reload-models.ts";
import { runJobs } from "./run-jobs.ts";
import { takedown } from "./takedown.ts";
import { taste } from "./taste.ts";
import { updateUserEmbedding, userEmbedding } from "./user-embedding.ts";

export {
  blocks,
  confirmAge,
  dmmContentSync,
  erasePerson,
  events,
  explain,
  exportPerson,
  itemEmbedding,
  recommendations,
  recommendationsAlias,
  reloadModels,
  runJobs,
  takedown,
  taste,
  updateUserEmbedding,
  userEmbedding,
};

/** Every POST route there is, in the order in which they are described. */
export const allRoutes = [
  recommendations,
  recommendationsAlias,
  explain,
  events,
  blocks,
  taste,
  userEmbedding,
  updateUserEmbedding,
  exportPerson,
  erasePerson,
  confirmAge,
  takedown,
  itemEmbedding,
  reloadModels,
  dmmContentSync,
  runJobs,
] as const;
