// The rig: the product's real processes as the Procfile starts them, private servers, the simulator, and proxies between them all.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { COMPRESSED } from '../../support/compressed.ts';
import { freePort } from '../../support/ports.ts';
import { startRedis, type TestRedis } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';
import { type HttpCall, readHttp } from '../proxy/http-wire.ts';
import { Link } from '../proxy/link.ts';
import { type Flight, readPostgres } from '../proxy/postgres-wire.ts';
import { readNothing } from '../proxy/wire.ts';
import { type Part, type ProcessPart, processPart } from './part.ts';
import { type PostgresPart, startPostgresPart } from './postgres.ts';
import { type Merchant, setUpMerchant } from './set-up.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const READY_PATIENCE_MS = 60_000;

export interface WebPart extends ProcessPart {
  readonly url: string;
}

export interface RedisPart extends Part {
  readonly server: TestRedis;
}

export interface Rig {
  /** Everything the processes write: logs, the simulator's book. */
  readonly folder: string;
  readonly merchant: Merchant;
  readonly postgres: PostgresPart;
  readonly redis: RedisPart;
  readonly simulator: ProcessPart & { readonly controlUrl: string };
  readonly webs: readonly WebPart[];
  readonly workers: readonly ProcessPart[];
  readonly parts: readonly Part[];
  /** Each process has an entrance of its own, called as the process is. */
  readonly links: {
    readonly postgres: Link<Flight>;
    readonly redis: Link<never>;
    readonly provider: Link<HttpCall>;
  };
  /** Where callers call each web process, at an entrance called as the process is. */
  readonly doors: { readonly link: Link<HttpCall>; readonly urls: readonly string[] };
  /** Past the proxies, as superuser: for looking only. */
  readonly database: pg.Pool;
  part(name: string): Part;
  /** Kills a part; whoever knocks at it meanwhile is refused. */
  kill(part: Part): Promise<void>;
  /** Starts a part that was killed. */
  start(part: Part): Promise<void>;
  /** One control call to the simulator. */
  order(path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly webs: number;
  readonly workers: number;
  readonly wallets: readonly { readonly owner: string; readonly currency: string }[];
  /** `production`: every interval as it is when nobody sets it. Default: compressed. */
  readonly timings?: 'production' | 'compressed';
  /** Over the profile. */
  readonly env?: Readonly<Record<string, string>>;
  /** How wrong a process's wall clock is, by its name. */
  readonly clockShiftMs?: Readonly<Record<string, number>>;
  readonly simulator?: {
    readonly seed?: string;
    readonly quotationTtlMs?: number;
    readonly settleMs?: number;
    /** As for POST /control/faults; they stand again after the simulator was killed. */
    readonly faults?: object;
  };
}

const SECRET = 'chaos-webhook-secret';

/** Starts everything and waits until it is ready. Raises with the last lines of the logs in the message when something does not start. */
export async function startRig(of: RigOptions): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'eversend-payments-chaos-'));
  const cleanup = new AsyncDisposableStack();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  cleanup.defer(() => {
    process.off('exit', remove);
    remove();
  });
  try {
    return await assemble(of, folder, cleanup);
  } catch (error) {
    const said = lastWords(join(folder, 'logs'));
    await cleanup.disposeAsync();
    throw new Error(`the rig did not start: ${String(error)}\n${said}`, { cause: error });
  }
}

/** The end of every log, for whoever must find out why something did not start. */
function lastWords(logs: string): string {
  if (!existsSync(logs)) return '';
  return readdirSync(logs)
    .map((name) => `${name}: ${readFileSync(join(logs, name), 'utf8').trim().split('\n').slice(-3).join('\n')}`)
    .join('\n');
}

async function assemble(of: RigOptions, folder: string, cleanup: AsyncDisposableStack): Promise<Rig> {
  mkdirSync(join(folder, 'logs'));
  const postgres = await startPostgresPart(join(folder, 'postgres'));
  cleanup.defer(() => postgres.close());
  const server = await startRedis(['--rdbcompression', 'no']);
  cleanup.defer(() => server.close());
  const redis = redisPart(server);
  const merchant = await setUpMerchant(postgres.url, of.wallets);

  const compiled = join(folder, 'compiled');
  const compiling = compileInto(compiled);
  const names = (kind: 'web' | 'worker', count: number) => Array.from({ length: count }, (_, n) => `${kind}-${n + 1}`);
  const [simulatorPort, ...webPorts] = await Promise.all(Array.from({ length: 1 + of.webs }, freePort));
  const local = (port: number) => ({ host: '127.0.0.1', port });
  const links = {
    postgres: new Link<Flight>({ upstream: () => local(postgres.port), read: readPostgres }),
    redis: new Link<never>({ upstream: () => local(server.port), read: readNothing }),
    provider: new Link<HttpCall>({ upstream: () => local(simulatorPort as number), read: readHttp }),
  };
  // In front of the web processes, as a load balancer would be: webhooks come in here.
  let turn = 0;
  const frontDoor = new Link<never>({
    upstream: () => {
      const living = webs.filter((web) => web.isRunning);
      turn += 1;
      return local(webPorts[webs.indexOf((living[turn % living.length] ?? webs[0]) as WebPart)] as number);
    },
    read: readNothing,
  });
  const doors = new Link<HttpCall>({
    upstream: (name) => local(webPorts[Number(name.slice('web-'.length)) - 1] as number),
    read: readHttp,
  });
  for (const link of [...Object.values(links), frontDoor, doors]) cleanup.defer(() => link.shut());

  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    EVERSEND_CLIENT_ID: 'simulator-client',
    EVERSEND_CLIENT_SECRET: 'simulator-secret',
    EVERSEND_WEBHOOK_SECRET: SECRET,
  };
  const simulator = processPart({
    name: 'simulator',
    kind: 'simulator',
    folder: join(folder, 'logs'),
    args: ['--import', file('src/local/follow-parent.ts'), file('src/simulator/main.ts')],
    env: {
      ...base,
      SIMULATOR_PORT: String(simulatorPort),
      SIMULATOR_STATE_FILE: join(folder, 'book.jsonl'),
      SIMULATOR_WEBHOOK_URL: `http://127.0.0.1:${await frontDoor.entrance('webhooks')}/webhooks/eversend`,
      SIMULATOR_SEED: of.simulator?.seed ?? 'chaos',
      SIMULATOR_SETTLE_MS: String(of.simulator?.settleMs ?? 200),
      SIMULATOR_QUOTATION_TTL_MS: String(of.simulator?.quotationTtlMs ?? 5000),
      SIMULATOR_OTP_EXEMPT: 'true',
      SIMULATOR_FAULTS: JSON.stringify({
        suffix_faults: false,
        accept_duplicate_references: true,
        ...of.simulator?.faults,
      }),
    },
  });
  const controlUrl = `http://127.0.0.1:${simulatorPort}/control`;

  const product = {
    ...base,
    DATA_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ...(of.timings === 'production' ? { LOG_LEVEL: COMPRESSED.LOG_LEVEL } : COMPRESSED),
    ...of.env,
    NODE_COMPILE_CACHE: compiled,
  };
  await compiling;
  const start = async (kind: 'web' | 'worker', name: string, main: string, more: Record<string, string>) => {
    const database = new URL(postgres.url);
    database.port = String(await links.postgres.entrance(name));
    const env = {
      ...product,
      DATABASE_URL: database.href,
      REDIS_URL: `redis://127.0.0.1:${await links.redis.entrance(name)}`,
      EVERSEND_BASE_URL: `http://127.0.0.1:${await links.provider.entrance(name)}/v1`,
      CLOCK_SHIFT_MS: String(of.clockShiftMs?.[name] ?? 0),
      ...more,
    };
    const preloaded = [file('src/local/follow-parent.ts'), file('test/chaos/rig/shifted-clock.ts')];
    const args = [...preloaded.flatMap((path) => ['--import', path]), file(main)];
    const part = processPart({ name, kind, args, env, folder: join(folder, 'logs') });
    cleanup.defer(() => part.kill());
    await part.start();
    return part;
  };
  cleanup.defer(() => simulator.kill());
  await simulator.start();
  const webs = await Promise.all(
    names('web', of.webs).map(async (name, n): Promise<WebPart> => {
      const part = await start('web', name, 'src/server.ts', { PORT: String(webPorts[n]) });
      return Object.assign(part, { url: `http://127.0.0.1:${webPorts[n]}` });
    }),
  );
  const doorUrls = await Promise.all(webs.map(async ({ name }) => `http://127.0.0.1:${await doors.entrance(name)}`));
  const workers = await Promise.all(
    names('worker', of.workers).map((name) => start('worker', name, 'workers/main.ts', {})),
  );
  await Promise.all(
    [...webs.map((web) => `${web.url}/readyz`), controlUrl].map((url) =>
      until(() => fetch(url).then((answer) => answer.ok), `${url} answers`, READY_PATIENCE_MS),
    ),
  );
  const database = new pg.Pool({ connectionString: postgres.url, max: 8 });
  database.on('error', () => undefined);
  cleanup.defer(() => database.end());

  const parts: readonly Part[] = [postgres, redis, simulator, ...webs, ...workers];
  // Behind a proxy a dead server would look like one that resets connections; a real one refuses them.
  const linkOf = (part: Part) =>
    part === postgres ? links.postgres : part === redis ? links.redis : part === simulator ? links.provider : null;
  return {
    folder,
    merchant,
    postgres,
    redis,
    simulator: Object.assign(simulator, { controlUrl }),
    webs,
    workers,
    parts,
    links,
    doors: { link: doors, urls: doorUrls },
    database,
    part(name) {
      const found = parts.find((part) => part.name === name);
      if (found === undefined) throw new Error(`the rig has no ${name}`);
      return found;
    },
    async kill(part) {
      await part.kill();
      await linkOf(part)?.shut();
    },
    async start(part) {
      await part.start();
      await linkOf(part)?.reopen();
    },
    async order(path, body) {
      const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const ask = () => fetch(`${controlUrl}${path}`, options);
      // It may have been killed, and be coming up: what is refused at the door was not heard, so it is said again.
      let answer = await ask().catch(refusedAtTheDoor);
      const untilMs = performance.now() + READY_PATIENCE_MS;
      while (answer === null && performance.now() < untilMs) {
        await wait(50);
        answer = await ask().catch(refusedAtTheDoor);
      }
      if (answer === null) throw new Error(`the simulator is not there for ${path}`);
      if (!answer.ok) throw new Error(`the simulator answers ${answer.status} to ${path}: ${await answer.text()}`);
      return answer.json();
    },
    close: () => cleanup.disposeAsync(),
  };
}

/** Null for a connection that was refused; any other error is raised again. */
function refusedAtTheDoor(error: unknown): null {
  if (((error as Error).cause as { code?: string } | undefined)?.code === 'ECONNREFUSED') return null;
  throw error;
}

/** Loads the product once, so that processes which are killed hundreds of times come up in half the time. */
async function compileInto(folder: string): Promise<void> {
  const load = ['src/server.ts', 'workers/main.ts'].map((main) => `await import(${JSON.stringify(file(main))});`);
  const args = ['--input-type=module', '--eval', `${load.join('')}process.exit()`];
  const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: folder };
  await once(spawn(process.execPath, args, { env, stdio: 'ignore' }), 'exit');
}

function file(path: string): string {
  return join(ROOT, path);
}

function redisPart(server: TestRedis): RedisPart {
  let kills = 0;
  let running = true;
  return {
    name: 'redis',
    kind: 'redis',
    server,
    get isRunning() {
      return running;
    },
    get kills() {
      return kills;
    },
    async kill(signal = 'SIGKILL') {
      if (!running) return;
      running = false;
      if (signal === 'SIGKILL') {
        kills += 1;
        await server.kill();
      } else await server.stop();
    },
    // Empty: whatever the queues held is lost.
    async start() {
      if (running) return;
      await server.start();
      running = true;
    },
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
  };
}
