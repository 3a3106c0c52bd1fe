// `credentials.json`: how a person or a script enters the system that `npm start` runs. Its names are public.
import { join } from 'node:path';
import { readPrivate, writePrivate } from './private-file.ts';

export interface Credentials {
  /** Origin and BASE_PATH, without `/v1`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly adminUrl: string;
  readonly adminEmail: string;
  readonly adminPassword: string;
  /** Empty when EVERSEND_BASE_URL names another provider. */
  readonly simulatorUrl: string;
}

export function credentialsFile(dataDir: string): string {
  return join(dataDir, 'credentials.json');
}

/** What an earlier start wrote down; empty on the first one. */
export function readCredentials(dataDir: string): Partial<Credentials> {
  return readPrivate(credentialsFile(dataDir)) ?? {};
}

export function writeCredentials(dataDir: string, credentials: Credentials): void {
  writePrivate(credentialsFile(dataDir), credentials);
}
