// Runs in Deno: one edge function from its module to its first answer, and then warm. Prints what it took as JSON.

/** What the benchmark asks for, as the first argument. */
interface Asked {
  /** The function's file. */
  readonly entry: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bodies in turn; the first is the cold one. */
  readonly bodies: readonly string[];
  /** Requests after the first. */
  readonly warm: number;
}

declare const Deno: {
  readonly args: readonly string[];
  memoryUsage(): { readonly rss: number };
  readDirSync(path: string): Iterable<{ readonly name: string }>;
  readTextFileSync(path: string): string;
  exit(code: number): never;
};

interface Handler {
  readonly default: { fetch(request: Request): Promise<Response> };
}

const asked = JSON.parse(Deno.args[0]!) as Asked;
const at = () => performance.timeOrigin + performance.now();
// Of all threads, in milliseconds: Linux counts it in nanoseconds. Deno tells it only since 2.3.
const cpu = () => {
  let nanoseconds = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    nanoseconds += Number(Deno.readTextFileSync(`/proc/self/task/${name}/schedstat`).split(" ")[0]);
  }
  return nanoseconds / 1e6;
};

// The platform hands it in: a worker has it before the function is read.
const firstRequest = requestOf(0);
const started = { cpu: cpu(), at: at() };
const { default: handler } = (await import(asked.entry)) as Handler;
const loaded = { at: at(), cpu: cpu() };
const first = await ask(firstRequest);
const answered = { at: at(), cpu: cpu() };

const milliseconds: number[] = [];
const peak = { rss: Deno.memoryUsage().rss };
for (let i = 1; i <= asked.warm; i++) {
  const began = performance.now();
  await ask(requestOf(i));
  milliseconds.push(performance.now() - began);
  peak.rss = Math.max(peak.rss, Deno.memoryUsage().rss);
}
const warmCpu = asked.warm === 0 ? 0 : (cpu() - answered.cpu) / asked.warm;
console.log(JSON.stringify({ started, loaded, answered, first, milliseconds, warmCpu, rss: peak.rss }));
Deno.exit(0);

function requestOf(i: number): Request {
  const body = asked.bodies[i % asked.bodies.length]!;
  return new Request(`http://localhost/${asked.path}`, { method: "POST", headers: asked.headers, body });
}

async function ask(request: Request): Promise<string> {
  const response = await handler.fetch(request);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return text.slice(-300);
}
