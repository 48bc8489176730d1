export type { NearestQuery, Neighbour, VectorBatch, VectorStore } from "./vector-store.ts";
