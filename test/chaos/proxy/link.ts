// One dumb TCP proxy with one entrance per client process: it passes, holds, delays and cuts, and springs traps at message boundaries.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Reader } from './wire.ts';

/**
 * What becomes of bytes that a trap caught. `pass`: they go on, if whoever sent them is still there. `deliver`: they go on in any
 * case, as a slow network would have it. `cut`: the connection is reset on both sides.
 */
export type Fate = 'pass' | 'deliver' | 'cut';

export interface Caught<E> {
  readonly exchange: E;
  /** The entrance it came through: the name of the process that sent it. */
  readonly from: string;
}

/** A message that went by. */
export interface Passed<E> extends Caught<E> {
  /** What the server said to it; null while it is on its way there. */
  readonly answer: Buffer | null;
}

export interface Trap<E> {
  /** `before`: the server has not seen the request. `after`: it has answered, and the client does not know. */
  readonly when: 'before' | 'after';
  readonly matches: (exchange: E, from: string) => boolean;
  /** How often it springs; then it is spent. */
  readonly times: number;
  /** Decides, however long that takes: meanwhile the bytes are held. */
  readonly spring: (caught: Caught<E>) => Fate | Promise<Fate>;
}

export interface ArmedTrap {
  /** How often the point was really hit. */
  readonly hits: number;
  disarm(): void;
}

interface Line {
  readonly from: string;
  cut(): void;
}

export class Link<E> {
  readonly #upstream: (from: string) => { host: string; port: number };
  readonly #read: () => Reader<E>;
  readonly #entrances = new Map<string, { server: Server; port: number }>();
  readonly #lines = new Set<Line>();
  readonly #traps = new Set<Trap<E> & { hits: number }>();
  readonly #watchers = new Set<(passed: Passed<E>) => void>();
  #held: { promise: Promise<void>; resolve: () => void } | null = null;
  #latencyMs: () => number = () => 0;

  constructor(of: { upstream: (from: string) => { host: string; port: number }; read: () => Reader<E> }) {
    this.#upstream = of.upstream;
    this.#read = of.read;
  }

  /** Opens an entrance and gives its port. */
  async entrance(name: string): Promise<number> {
    const server = createServer((client) => this.#serve(name, client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    this.#entrances.set(name, { server, port });
    return port;
  }

  arm(trap: Trap<E>): ArmedTrap {
    const armed = { ...trap, hits: 0 };
    this.#traps.add(armed);
    return {
      get hits() {
        return armed.hits;
      },
      disarm: () => void this.#traps.delete(armed),
    };
  }

  /** Tells of every message and every answer, before any trap decides about it; gives what ends that. */
  watch(see: (passed: Passed<E>) => void): () => void {
    this.#watchers.add(see);
    return () => void this.#watchers.delete(see);
  }

  /** Resets connections, all or those of one entrance; gives how many. */
  cut(from?: string): number {
    const cut = [...this.#lines].filter((line) => from === undefined || line.from === from);
    for (const line of cut) line.cut();
    return cut.length;
  }

  /** Nothing passes, in either direction, until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  /** How long each chunk is delayed, in either direction, from now on. */
  delay(latencyMs: () => number): void {
    this.#latencyMs = latencyMs;
  }

  /** Nobody listens any more, as if the server were gone: new connections are refused, old ones reset. */
  async shut(): Promise<void> {
    this.release();
    await Promise.all(
      [...this.#entrances.values()].map(async ({ server }) => {
        if (!server.listening) return;
        const closed = once(server, 'close');
        server.close();
        this.cut();
        await closed;
      }),
    );
  }

  /** Listens again, on the same ports. */
  async reopen(): Promise<void> {
    await Promise.all(
      [...this.#entrances.values()].map(async ({ server, port }) => {
        if (server.listening) return;
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      }),
    );
  }

  #serve(from: string, client: Socket): void {
    const upstream = connect(this.#upstream(from));
    const line: Line = {
      from,
      cut() {
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      },
    };
    this.#lines.add(line);
    const reader = this.#read();
    const waiting: E[] = [];
    let inbound = Promise.resolve();
    let outbound = Promise.resolve();
    client.setNoDelay(true);
    upstream.setNoDelay(true);

    client.on('data', (chunk: Buffer) => {
      inbound = inbound.then(async () => {
        await this.#pace();
        for (const { bytes, exchange } of reader.asked(chunk)) {
          const fate = exchange === null ? 'pass' : await this.#fate('before', { exchange, from, answer: null });
          if (fate === 'cut') return line.cut();
          if (exchange !== null) waiting.push(exchange);
          if (client.destroyed && fate !== 'deliver') return;
          upstream.write(bytes);
        }
      });
    });
    upstream.on('data', (chunk: Buffer) => {
      outbound = outbound.then(async () => {
        await this.#pace();
        for (const { bytes, completes } of reader.answered(chunk)) {
          const exchange = completes ? waiting.shift() : undefined;
          const passed = exchange === undefined ? null : { exchange, from, answer: bytes };
          if (passed !== null && (await this.#fate('after', passed)) === 'cut') return line.cut();
          if (!client.destroyed) client.write(bytes);
        }
      });
    });
    // Each side hears of the other's end after what was still on its way; a server that is not there looks like a reset.
    client.on('close', () => void inbound.then(() => upstream.end()));
    upstream.on('close', () => void outbound.then(() => client.end()));
    client.on('error', () => undefined);
    upstream.on('error', () => client.resetAndDestroy());
    const gone = () => {
      if (client.destroyed && upstream.destroyed) this.#lines.delete(line);
    };
    client.on('close', gone);
    upstream.on('close', gone);
  }

  async #pace(): Promise<void> {
    while (this.#held !== null) await this.#held.promise;
    const latencyMs = this.#latencyMs();
    if (latencyMs > 0) await wait(latencyMs);
  }

  async #fate(when: Trap<E>['when'], passed: Passed<E>): Promise<Fate> {
    const { exchange, from } = passed;
    for (const see of this.#watchers) see(passed);
    for (const trap of this.#traps) {
      if (trap.when !== when || trap.hits >= trap.times || !trap.matches(exchange, from)) continue;
      trap.hits += 1;
      return trap.spring({ exchange, from });
    }
    return 'pass';
  }
}
