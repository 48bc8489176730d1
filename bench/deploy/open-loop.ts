import { Agent, request } from "node:http";

/** What is asked of whom, how often. */
export interface OpenLoopOptions {
  /** Instances, asked in turn. */
  readonly urls: readonly string[];
  readonly path: string;
  /** JSON of each request, in turn. */
  readonly bodies: readonly string[];
  readonly perSecond: number;
  /** So many may be unanswered before no more is asked, for a test on a machine of any speed. @default Infinity */
  readonly unanswered?: number;
}

/** A request and its answer. */
export interface Answered {
  readonly url: string;
  /** Which of the bodies it was. */
  readonly body: number;
  /** When it was due, and when its answer had come, in milliseconds since 1970. */
  readonly due: number;
  readonly ended: number;
  /** 0 where the connection failed. */
  readonly status: number;
  readonly text: string;
}

/** Requests under way. */
export interface OpenLoop {
  /** How many have been answered. */
  answered(): number;
  /** Sends no more, and gives every request and its answer. */
  stop(): Promise<readonly Answered[]>;
}

/**
 * Asks at a steady rate whatever the answers do: an instance that stalls is not asked less, and the time that a request
 * was late counts as its own.
 *
 * @param options Whom, what and how often.
 * @returns The requests.
 */
export function startOpenLoop(options: OpenLoopOptions): OpenLoop {
  const { urls, path, bodies, perSecond, unanswered = Number.POSITIVE_INFINITY } = options;
  const agent = new Agent({ keepAlive: true });
  const asked: Promise<Answered>[] = [];
  const began = Date.now();
  let answered = 0;
  const timer = setInterval(() => {
    const due = ((Date.now() - began) / 1000) * perSecond;
    while (asked.length < due && asked.length - answered < unanswered) {
      const at = began + (asked.length * 1000) / perSecond;
      const body = asked.length % bodies.length;
      asked.push(ask(urls[asked.length % urls.length]!, { at, body }));
    }
  }, 2);

  function ask(url: string, { at, body }: { readonly at: number; readonly body: number }): Promise<Answered> {
    const text = bodies[body]!;
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    return new Promise((resolve) => {
      const end = (status: number, answer: string): void => {
        answered++;
        resolve({ url, body, due: at, ended: Date.now(), status, text: answer });
      };
      const sent = request(url + path, { method: "POST", agent, headers }, (answer) => {
        let said = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          said += chunk;
        });
        answer.once("end", () => end(answer.statusCode!, said));
        answer.once("error", (error) => end(0, error.message));
      });
      sent.once("error", (error) => end(0, error.message));
      sent.end(text);
    });
  }

  return {
    answered: () => answered,
    stop: async () => {
      clearInterval(timer);
      const all = await Promise.all(asked);
      agent.destroy();
      return all;
    },
  };
}
