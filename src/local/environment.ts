// The local profile: what `npm start` adds to the user's environment, the secrets it makes once, and how a second terminal finds both.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, environmentFor, readConfig, readVariables, variables } from '../config.ts';
import { isHeld } from './lock.ts';
import { readPrivate, writePrivate } from './private-file.ts';

/** What `npm start` itself needs to know before there is a database. */
export function readLocalSettings() {
  const settings = readVariables([
    'PORT',
    'HOST',
    'BASE_PATH',
    'DATABASE_URL',
    'MIGRATION_DATABASE_URL',
    'DATA_DIR',
    'SIMULATOR_PORT',
    'LOG_LEVEL',
    'SHUTDOWN_GRACE_MS',
  ]);
  // A provider named by the user replaces the simulator; the variable's default is the real one, which nobody gets by accident.
  const { EVERSEND_BASE_URL, npm_lifecycle_event } = environmentFor({});
  return { ...settings, simulated: EVERSEND_BASE_URL === undefined, underNpm: npm_lifecycle_event !== undefined };
}

/**
 * A newcomer should see every payment end in seconds, one whose worker was killed too, and the simulator needs no mercy: what
 * takes minutes and hours against the real provider is compressed. The user's own values win.
 */
const SIMULATED_PROVIDER = {
  PROVIDER_RATE_PER_SECOND: '0',
  PROVIDER_MAX_CONCURRENCY: '32',
  // Whoever tries it out may send a batch as fast as the machine goes, from one address with one key.
  RATE_LIMIT_IP_PER_SECOND: '100000',
  RATE_LIMIT_KEY_PER_SECOND: '100000',
  RATE_LIMIT_READS_PER_SECOND: '100000',
  RATE_LIMIT_WRITES_PER_SECOND: '100000',
  RATE_LIMIT_MONEY_PER_SECOND: '100000',
  PROVIDER_TIMEOUT_MS: '5000',
  SEND_WINDOW_MS: '5000',
  QUOTATION_MARGIN_MS: '2000',
  RESEND_MARGIN_MS: '2000',
  RESEND_LOOKUP_SPAN_MS: '2000',
  COLLECTION_RESEND_AFTER_MS: '12000',
  LEASE_MS: '5000',
  JOB_LOCK_MS: '5000',
  RING_GRACE_MS: '2000',
  RETRY_BASE_MS: '250',
  RETRY_MAX_MS: '5000',
  LOOKUP_SCHEDULE_MS: '500,1000,2000',
  POLL_SCHEDULE_MS: '3000,5000,10000,30000,60000',
  PAYOUT_PATIENCE_MS: '120000',
  COLLECTION_PATIENCE_MS: '60000',
  REVERSAL_CHECK_MS: '10000',
  WEBHOOK_ALLOW_LOCAL: 'true',
  SIMULATOR_QUOTATION_TTL_MS: '15000',
};

/** The secrets of this data directory, made on first use (mode 0600). Losing the encryption key makes stored personal data unreadable. */
export function secretsIn(dataDir: string): Record<string, string> {
  const path = join(dataDir, 'secrets.json');
  const kept = readPrivate(path) ?? {};
  const secrets = {
    DATA_ENCRYPTION_KEY: kept['DATA_ENCRYPTION_KEY'] ?? randomBytes(32).toString('base64'),
    EVERSEND_WEBHOOK_SECRET: kept['EVERSEND_WEBHOOK_SECRET'] ?? randomBytes(24).toString('base64url'),
    EVERSEND_CLIENT_ID: kept['EVERSEND_CLIENT_ID'] ?? `local_${randomBytes(8).toString('hex')}`,
    EVERSEND_CLIENT_SECRET: kept['EVERSEND_CLIENT_SECRET'] ?? randomBytes(24).toString('base64url'),
  };
  if (Object.entries(secrets).some(([name, value]) => kept[name] !== value)) writePrivate(path, secrets);
  return secrets;
}

/**
 * The environment of the running parts: the user's, plus what the local profile adds. `simulatorUrl` is null when the user named
 * another provider with EVERSEND_BASE_URL; that provider's credentials must then come from the user.
 */
export function partsEnvironment(of: {
  dataDir: string;
  databaseUrl: string;
  port: number;
  simulatorPort: number;
  simulatorUrl: string | null;
}): NodeJS.ProcessEnv {
  const { DATA_ENCRYPTION_KEY = '', ...providerSecrets } = secretsIn(of.dataDir);
  const fixed = {
    DATABASE_URL: of.databaseUrl,
    PORT: String(of.port),
    DATA_DIR: of.dataDir,
    SIMULATOR_PORT: String(of.simulatorPort),
  };
  if (of.simulatorUrl === null) return environmentFor(fixed, { DATA_ENCRYPTION_KEY });
  return environmentFor(
    { ...fixed, EVERSEND_BASE_URL: `${of.simulatorUrl}/v1` },
    { DATA_ENCRYPTION_KEY, ...providerSecrets, ...SIMULATED_PROVIDER },
  );
}

/** Writes down the running system's configuration for commands in other terminals. */
export function publishEnvironment(dataDir: string, environment: NodeJS.ProcessEnv): void {
  const named = Object.keys(variables).flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  writePrivate(join(dataDir, 'environment.json'), Object.fromEntries(named));
}

/** Takes it back: the system stops. */
export function withdrawEnvironment(dataDir: string): void {
  rmSync(join(dataDir, 'environment.json'), { force: true });
}

/** The configuration of the system that `npm start` runs on this data directory, or null when none runs. */
export function localEnvironment(dataDir: string): Record<string, string> | null {
  const folder = resolve(dataDir);
  return isHeld(join(folder, 'lock')) ? readPrivate(join(folder, 'environment.json')) : null;
}

/**
 * Configuration for a command in another terminal: the environment's own where DATABASE_URL is set, else that of the system that
 * `npm start` runs in DATA_DIR. Raises ConfigurationError when there is neither.
 */
export function readConfigBesideLocal(): Config {
  const { DATABASE_URL, DATA_DIR } = readVariables(['DATABASE_URL', 'DATA_DIR']);
  return readConfig(environmentFor((DATABASE_URL === undefined ? localEnvironment(DATA_DIR) : null) ?? {}));
}
