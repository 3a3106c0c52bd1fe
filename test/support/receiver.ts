// A merchant's receiver of events: a plain HTTP server that remembers what came, in order, and answers as the test says.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedEvent {
  readonly headers: Record<string, string>;
  readonly raw: string;
  /** Looked at field by field; a wrong shape fails the test. */
  readonly event: ReturnType<typeof JSON.parse>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export interface Receiver {
  readonly url: string;
  /** Everything that came, also what was not answered well. */
  readonly received: ReceivedEvent[];
  /** What was answered with 2xx. */
  readonly taken: ReceivedEvent[];
  /** Says how to answer; `null` never answers. */
  answer: (received: ReceivedEvent, count: number) => Answer | null | Promise<Answer | null>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: ReceivedEvent[] = [];
  const taken: ReceivedEvent[] = [];
  const server = createServer(async (request, response) => {
    const raw = await text(request);
    const one = { headers: plain(request.headers), raw, event: JSON.parse(raw) };
    received.push(one);
    const answer = await receiver.answer(one, received.length);
    if (answer === null) return;
    if (answer.status >= 200 && answer.status < 300) taken.push(one);
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    taken,
    answer: () => ({ status: 204 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
