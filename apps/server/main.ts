import { main } from "../../src/cli/mod.ts";

// The server as a process of its own, for containers and supervisors: everything comes from the environment.
process.exitCode = await main(["serve", ...process.argv.slice(2)]);
