import { Agent, request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

// Asks a service over HTTP from a thread of its own, so that asking takes no time from answering.
const { url, bodies, clients } = workerData as {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly clients: number;
};

const agent = new Agent({ keepAlive: true, maxSockets: clients });
const milliseconds: number[] = [];
let next = 0;
const began = performance.now();
await Promise.all(
  Array.from({ length: clients }, async () => {
    while (next < bodies.length) {
      const body = bodies[next++]!;
      const asked = performance.now();
      await post(body);
      milliseconds.push(performance.now() - asked);
    }
  }),
);
const seconds = (performance.now() - began) / 1000;
agent.destroy();
parentPort!.postMessage({ milliseconds, seconds });

function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      answer.resume();
      answer.once("end", () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`Answered ${answer.statusCode}`));
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
