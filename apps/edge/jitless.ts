import { config } from "zod";

// Compiling a parser for each schema pays after thousands of requests, and a worker may not be allowed to compile strings.
// Schemas ask when they are made, hence this comes before all of ours.
config({ jitless: true });
