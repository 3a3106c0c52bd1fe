// A private Redis server: started on a free port, killed, emptied, frozen and rolled back at will.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './ports.ts';

/** Whether this machine has a redis-server; without one the tests of Redis are skipped. */
export const redisAvailable = spawnSync('redis-server', ['--version']).status === 0;

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Of the process running now: another after `start`. */
  readonly pid: number;
  /** SIGKILL: everything in it is lost. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  /** Loses every key, as FLUSHALL does. */
  flush(): Promise<void>;
  /** SIGSTOP and SIGCONT: alive, and answering nothing. */
  freeze(): void;
  thaw(): void;
  /** Where `snapshot` leaves its copy. */
  readonly snapshotFile: string;
  /** Keeps what it holds now, for `rollBack`. */
  snapshot(): Promise<void>;
  /** Killed, and started again with what it held at the last `snapshot`; empty without one. */
  rollBack(): Promise<void>;
  /** One raw command, for looking inside. */
  command(...words: string[]): Promise<string>;
  /** SIGTERM: it ends in good order. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

function ask(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy(new Error('redis-server does not answer')));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      resolve(answer.toString());
      socket.end();
    });
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  });
}

/** Starts a private server (with `settings` as on its command line). `close` ends it; so does the end of this process. */
export async function startRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort();
  // Without persistence of its own: only `snapshot` writes, and only `rollBack` lets it be read.
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-redis-'));
  const dump = join(folder, 'dump.rdb');
  const kept = join(folder, 'kept.rdb');
  let child: ChildProcess | null = null;
  const killAtExit = () => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };

  async function start() {
    rmSync(dump, { force: true });
    await launch();
  }

  async function launch() {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    child = spawn('redis-server', [...args, ...settings], { stdio: 'ignore' });
    for (let round = 0; ; round += 1) {
      const pong = await ask(port, ['PING']).catch(() => '');
      if (pong.startsWith('+PONG')) return;
      if (round === 200) throw new Error('redis-server did not start');
      await wait(20);
    }
  }

  async function end(signal: NodeJS.Signals) {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
  const kill = () => end('SIGKILL');

  process.once('exit', killAtExit);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    kill,
    stop: () => end('SIGTERM'),
    start,
    async flush() {
      await ask(port, ['FLUSHALL']);
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    snapshotFile: kept,
    async snapshot() {
      const said = await ask(port, ['SAVE']);
      if (!said.startsWith('+OK')) throw new Error(`redis-server did not save: ${said}`);
      copyFileSync(dump, kept);
    },
    async rollBack() {
      await kill();
      rmSync(dump, { force: true });
      if (existsSync(kept)) copyFileSync(kept, dump);
      await launch();
    },
    command: (...words) => ask(port, words),
    async close() {
      process.off('exit', killAtExit);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
