export { openDataFolder } from "./data-folder.ts";
