import { canonicalJson, FutagoError, sha256Hex } from "../../base/mod.ts";
import type { DataFile, DataFolder } from "./data-folder.ts";
import type { ImportPlan } from "./import-plan.ts";
import { mappedFile, newPerson } from "./mapped-import.ts";
import { csvCells, datCells, datFormat, movieMapper, ratingMapper, userMapper } from "./movielens-rows.ts";
import { csvFormat } from "./row-format.ts";

/** Options of {@link movieLensImport}. */
export interface MovieLensImportOptions {
  /** Ratings from here on are likes, those below are neutral. @default 0, which makes every rating a like */
  readonly minRating?: number;
  /** The owner declares that everyone's age is confirmed; those under 18 never are. @default false */
  readonly ageConfirmed?: boolean;
}

/**
 * The import of a MovieLens folder: MovieLens-1M (`movies.dat`, `users.dat`, `ratings.dat`) or the newer sets
 * (`movies.csv`, `ratings.csv`; their tags and links are not read).
 *
 * @param folder Where the files lie.
 * @param options Threshold and declaration.
 * @returns The plan.
 * @throws FutagoError `source_unreadable` When the folder holds neither set.
 */
export async function movieLensImport(
  folder: DataFolder,
  options: MovieLensImportOptions = {},
): Promise<ImportPlan> {
  const { minRating = 0, ageConfirmed = false } = options;
  const files = (await folder.find("ratings.dat"))
    ? await datFiles(folder, { minRating, ageConfirmed })
    : await csvFiles(folder, minRating);
  const sizes = files.map(({ name, size }) => [name, size ?? null]);
  const withoutUsers = files.length === 2;
  return {
    source: sha256Hex(canonicalJson({ movielens: folder.name, sizes, minRating, ageConfirmed })),
    files,
    ...(withoutUsers ? { newPerson: newPerson(ageConfirmed) } : {}),
  };
}

async function datFiles(folder: DataFolder, options: Required<MovieLensImportOptions>) {
  const [movies, users, ratings] = [
    await found(folder, "movies.dat"),
    await found(folder, "users.dat"),
    await found(folder, "ratings.dat"),
  ];
  const movieCells = datCells(["movieId", "title", "genres"]);
  const userCells = datCells(["userId", "gender", "age", "occupation", "zip"]);
  const ratingCells = datCells(["userId", "movieId", "rating", "timestamp"]);
  return [
    mappedFile(movies, { format: datFormat, map: movieMapper(movieCells) }),
    mappedFile(users, { format: datFormat, map: userMapper(userCells, options) }),
    mappedFile(ratings, { format: datFormat, map: ratingMapper(ratingCells, options) }),
  ];
}

async function csvFiles(folder: DataFolder, minRating: number) {
  const csv = { separator: ",", encoding: "utf-8" } as const;
  const [movies, ratings] = [await found(folder, "movies.csv"), await found(folder, "ratings.csv")];
  const [movieFormat, ratingFormat] = [await csvFormat(movies, csv), await csvFormat(ratings, csv)];
  const movieCells = csvCells(movieFormat, ["movieId", "title", "genres"]);
  const ratingCells = csvCells(ratingFormat, ["userId", "movieId", "rating", "timestamp"]);
  return [
    mappedFile(movies, { format: movieFormat, map: movieMapper(movieCells) }),
    mappedFile(ratings, { format: ratingFormat, map: ratingMapper(ratingCells, { minRating }) }),
  ];
}

async function found(folder: DataFolder, name: string): Promise<DataFile> {
  const file = await folder.find(name);
  if (file !== undefined) return file;
  throw new FutagoError(
    "source_unreadable",
    `Cannot read MovieLens as "${folder.name}" must hold ${name}: there is no such file (MovieLens-1M has movies.dat, ` +
      "users.dat and ratings.dat, the newer sets have movies.csv and ratings.csv)",
  );
}
