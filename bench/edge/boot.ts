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
  cpuUsage(): { readonly user: number; readonly system: number };
  exit(code: number): never;
};

interface Handler {
  readonly default: { fetch(request: Request): Promise<Response> };
}

const asked = JSON.parse(Deno.args[0]!) as Asked;
const at = () => performance.timeOrigin + performance.now();
const cpu = () => {
  const { user, system } = Deno.cpuUsage();
  return (user + system) / 1000;
};

const started = { at: at(), cpu: cpu() };
const { default: handler } = (await import(asked.entry)) as Handler;
const loaded = { at: at(), cpu: cpu() };
const first = await ask(0);
const answered = { at: at(), cpu: cpu() };

const milliseconds: number[] = [];
const peak = { rss: Deno.memoryUsage().rss };
for (let i = 1; i <= asked.warm; i++) {
  const began = performance.now();
  await ask(i);
  milliseconds.push(performance.now() - began);
  peak.rss = Math.max(peak.rss, Deno.memoryUsage().rss);
}
const warmCpu = asked.warm === 0 ? 0 : (cpu() - answered.cpu) / asked.warm;
console.log(JSON.stringify({ started, loaded, answered, first, milliseconds, warmCpu, rss: peak.rss }));
Deno.exit(0);

async function ask(i: number): Promise<string> {
  const body = asked.bodies[i % asked.bodies.length]!;
  const request = new Request(`http://localhost/${asked.path}`, {
    method: "POST",
    headers: asked.headers,
    body,
  });
  const response = await handler.fetch(request);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return text.slice(-300);
}
