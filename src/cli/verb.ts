// One verb of the command line: reads its options, reaches for what it needs, and says what it did once, as JSON or as text.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type Actor, audit, type Deed } from '../audit/audit.ts';
import type { Composed } from '../compose.ts';
import { type Config, ConfigurationError, environmentFor, readConfig, readVariables } from '../config.ts';
import { type Db, inTransaction, openDatabase, type Trx } from '../db/knex.ts';
import { localEnvironment } from '../local/environment.ts';
import { createLogger } from '../logger.ts';
import { createVault, type Vault } from '../vault.ts';

/** What a verb has to say. `json` is printed with `--json`, `text` without it. */
export interface Told {
  readonly json: unknown;
  readonly text: string;
  /** 1 for a verdict that is not good; 0 unless said. */
  readonly exitCode?: 0 | 1;
}

/** What a verb may reach for; nothing is opened before it is asked for. */
export interface Desk {
  readonly config: Config;
  readonly actor: Actor;
  readonly db: Db;
  readonly vault: Vault;
  /** Everything there is, provider and queues included: for the few verbs that need them. */
  everything(): Promise<Composed>;
  /** Does something and writes it into the audit log, both or neither. `deed` is asked for once the result is known. */
  audited<T>(work: (trx: Trx) => Promise<T>, deed: (result: T) => Omit<Deed, keyof Actor>): Promise<T>;
}

type Options = Readonly<Record<string, string | boolean | undefined>>;

/** Attaches `run` to a command. Its answer goes to stdout in one piece, whatever else happens. */
export function verb<O extends Options>(command: Command, run: (desk: Desk, options: O) => Promise<Told>): void {
  command.action(async () => {
    const { json, ...options } = command.optsWithGlobals<O & { json?: boolean }>();
    const desk = openDesk();
    try {
      const told = await run(desk, options as unknown as O);
      process.stdout.write(json === true ? `${JSON.stringify(told.json)}\n` : `${told.text}\n`);
      process.exitCode = told.exitCode ?? 0;
    } finally {
      await desk.close();
    }
  });
}

/** The environment's own configuration where DATABASE_URL is set, else that of the system that `npm start` runs. */
function configuration(): Config {
  const { DATABASE_URL, DATA_DIR } = readVariables(['DATABASE_URL', 'DATA_DIR']);
  if (DATABASE_URL !== undefined) return readConfig();
  const local = localEnvironment(DATA_DIR);
  if (local !== null) return readConfig(environmentFor(local));
  throw new ConfigurationError(
    `No system to talk to: DATABASE_URL is not set, and nothing that was started with \`npm start\` runs in ${DATA_DIR}.`,
  );
}

function openDesk(): Desk & { close(): Promise<void> } {
  const config = configuration();
  const actor = { actor: `cli:${userName()}`, clientAddress: null };
  const open: { db?: Db; everything?: Composed; vault?: Vault } = {};
  const db = () => {
    open.db ??= openDatabase({ url: config.DATABASE_URL, poolSize: 2, onError: () => {} });
    return open.db;
  };
  return {
    config,
    actor,
    get db() {
      return db();
    },
    get vault() {
      open.vault ??= createVault(config.DATA_ENCRYPTION_KEYS);
      return open.vault;
    },
    async everything() {
      const { compose } = await import('../compose.ts');
      open.everything ??= compose({ ...config, DATABASE_POOL_SIZE: 2 }, createLogger('silent'));
      return open.everything;
    },
    audited: (work, deed) =>
      inTransaction(db(), async (trx) => {
        const result = await work(trx);
        await audit(trx, { ...actor, ...deed(result) });
        return result;
      }),
    async close() {
      await open.everything?.close();
      await open.db?.destroy();
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
