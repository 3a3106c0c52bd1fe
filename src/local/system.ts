// Starts the parts of the local system in order and stops them in the opposite one.
import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readConfig } from '../config.ts';
import { migrate, migrationProblem } from '../migrate.ts';
import { type Credentials, readCredentials, writeCredentials } from './credentials.ts';
import { type LocalDatabase, startDatabase } from './database.ts';
import { prepareDemo } from './demo-merchant.ts';
import { partsEnvironment, publishEnvironment, type readLocalSettings, withdrawEnvironment } from './environment.ts';
import { acquireLock, type Lock, LockHeld } from './lock.ts';
import { type Part, startPart } from './part.ts';
import { freePort, portProblem } from './ports.ts';
import { makeFolder } from './private-file.ts';
import { explain, LocalProblem } from './problem.ts';

const SOURCES = join(import.meta.dirname, '..');
const READY_PATIENCE_MS = 60_000;
/** A part that dies this often before it was ever ready will not come up by itself. */
const HOPELESS_DEATHS = 3;
/** After a kill, the old parts need this long to notice and free their ports. */
const PORT_PATIENCE_MS = 5_000;

export type Settings = ReturnType<typeof readLocalSettings>;

export interface LocalSystem {
  readonly credentials: Credentials;
  readonly simulated: boolean;
  readonly embedded: boolean;
  readonly dataDir: string;
  readonly logs: string;
}

export interface Voice {
  say(sentence: string): void;
  debug(sentence: string): void;
}

/** What has been started so far, in the order in which it must be stopped. */
export class Running {
  web: Part | null = null;
  worker: Part | null = null;
  simulator: Part | null = null;
  database: LocalDatabase | null = null;
  lock: Lock | null = null;
  dataDir: string | null = null;

  /** Web, worker, simulator, then the database; each gets `graceMs` to finish what it does. */
  async stop(graceMs: number): Promise<void> {
    if (this.lock !== null && this.dataDir !== null) withdrawEnvironment(this.dataDir);
    for (const part of [this.web, this.worker, this.simulator]) await part?.stop(graceMs);
    await this.database?.stop();
    this.lock?.release();
  }

  /** Ends all parts at once, without waiting; the database is shut down by its guardian when this process ends. */
  killNow(): void {
    for (const part of [this.web, this.worker, this.simulator]) part?.killNow();
    this.lock?.release();
  }
}

/** Starts everything; what has been started is put into `running` at once, so that a stop half-way finds it. */
export async function startSystem(
  settings: Settings,
  running: Running,
  voice: Voice,
  signal: AbortSignal,
): Promise<LocalSystem> {
  const timed = timer(voice, signal);
  const dataDir = prepareFolder(settings.DATA_DIR);
  const logs = join(dataDir, 'logs');
  running.lock = hold(dataDir);
  running.dataDir = dataDir;
  const ports = await timed('ports checked', choosePorts(settings, running.lock.recovered));

  const part = (name: string, title: string, script: string, environment: NodeJS.ProcessEnv) =>
    startPart({ name, title, script, logs, environment, ...voice });
  const environmentOn = (databaseUrl: string) => partsEnvironment({ dataDir, databaseUrl, ...ports });
  if (ports.simulatorUrl !== null) {
    running.simulator = part('simulator', 'The simulator', join(SOURCES, 'simulator', 'main.ts'), {
      SIMULATOR_STATE_FILE: join(dataDir, 'simulator.jsonl'),
      SIMULATOR_WEBHOOK_URL: `${ports.apiUrl}/webhooks/eversend`,
      ...environmentOn(''),
      HOST: '127.0.0.1',
    });
  }
  if (settings.DATABASE_URL === undefined) {
    running.database = await timed('database started', startDatabase({ dataDir, ...voice }));
  }
  const databaseUrl = settings.DATABASE_URL ?? running.database?.url ?? '';
  const environment = environmentOn(databaseUrl);
  const config = readConfig(environment);
  const applied = migrate(settings.MIGRATION_DATABASE_URL ?? databaseUrl);
  await timed('migrations applied', applied.catch(asLocalProblem));

  running.web = part('web', 'The API', join(SOURCES, 'server.ts'), environment);
  running.worker = part('worker', 'The worker', join(SOURCES, '..', 'workers', 'main.ts'), environment);
  const { simulator, web } = running;
  if (simulator !== null) await timed('simulator answers', answers(simulator, `${ports.simulatorUrl}/`, signal));
  const access = await timed(
    'demo merchant ready',
    prepareDemo({ config, known: readCredentials(dataDir), simulated: settings.simulated }),
  );
  await timed('API ready', answers(web, `${ports.apiUrl}/readyz`, signal, 200));

  const { simulatorUrl, apiUrl } = ports;
  const credentials = { apiUrl, ...access, adminUrl: `${apiUrl}/admin`, simulatorUrl: simulatorUrl ?? '' };
  writeCredentials(dataDir, credentials);
  publishEnvironment(dataDir, environment);
  return { credentials, simulated: settings.simulated, embedded: running.database !== null, dataDir, logs };
}

function timer(voice: Voice, signal: AbortSignal) {
  return async <T>(what: string, work: Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await work;
    voice.debug(`${what} (${Math.round(performance.now() - startedAt)} ms)`);
    signal.throwIfAborted();
    return result;
  };
}

function prepareFolder(named: string): string {
  const dataDir = resolve(named);
  try {
    makeFolder(join(dataDir, 'logs'));
    // Root hands the database to another user, who must be let through; everything private in here is 0600 by itself.
    chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
  } catch (error) {
    throw explain(String(error), dataDir) ?? error;
  }
  return dataDir;
}

function hold(dataDir: string): Lock {
  try {
    return acquireLock(join(dataDir, 'lock'));
  } catch (error) {
    if (!(error instanceof LockHeld)) throw explain(String(error), dataDir) ?? error;
    throw new LocalProblem(
      `It already runs on ${dataDir} (process ${error.pid}): stop that one, or give this one its own DATA_DIR, PORT and SIMULATOR_PORT.`,
    );
  }
}

async function choosePorts(settings: Settings, afterKill: boolean) {
  const until = Date.now() + (afterKill ? PORT_PATIENCE_MS : 0);
  const choose = async (variable: string, host: string, wanted: number): Promise<number> => {
    if (wanted === 0) return await freePort();
    for (;;) {
      const problem = await portProblem(variable, host, wanted);
      if (problem === null) return wanted;
      if (Date.now() > until) throw new LocalProblem(problem);
      await wait(50);
    }
  };
  const port = await choose('PORT', settings.HOST, settings.PORT);
  const host = ['0.0.0.0', '::'].includes(settings.HOST) ? '127.0.0.1' : settings.HOST;
  const apiUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}${settings.BASE_PATH}`;
  if (!settings.simulated) return { port, apiUrl, simulatorPort: 0, simulatorUrl: null };
  const simulatorPort = await choose('SIMULATOR_PORT', '127.0.0.1', settings.SIMULATOR_PORT);
  return { port, apiUrl, simulatorPort, simulatorUrl: `http://127.0.0.1:${simulatorPort}` };
}

/** Waits until the part answers there: with `status`, or with anything. Raises LocalProblem when it never will. */
async function answers(part: Part, url: string, signal: AbortSignal, status?: number): Promise<void> {
  const deadline = Date.now() + READY_PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    const answered = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answered?.body?.cancel();
    if (answered !== null && (status === undefined || answered.status === status)) return;
    if (part.deaths >= HOPELESS_DEATHS || Date.now() > deadline) {
      throw new LocalProblem(
        `${part.title} does not come up. Last words: ${part.lastWords() || 'none'} (see ${part.logFile})`,
      );
    }
    await wait(25);
  }
}

function asLocalProblem(error: unknown): never {
  throw new LocalProblem(migrationProblem(error));
}
