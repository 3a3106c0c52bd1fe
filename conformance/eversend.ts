// Our own adapter as the kit opens it: the Eversend client with a configuration and a cache of its own.
import type { Cache } from '../src/cache/cache.ts';
import { createMemoryCache } from '../src/cache/memory.ts';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/logger.ts';
import { createEversendProvider } from '../src/provider/eversend/adapter.ts';
import type { Provider } from '../src/provider/provider.ts';
import type { Opening } from './adapter.ts';

export { verifySignature } from '../src/provider/eversend/signature.ts';
export { readClaim } from '../src/webhooks/claim.ts';

export function openProvider(of: Opening): Provider {
  const config = readConfig({
    DATABASE_URL: 'postgres://unused',
    DATA_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
    EVERSEND_WEBHOOK_SECRET: 'unused',
    EVERSEND_BASE_URL: of.baseUrl,
    EVERSEND_CLIENT_ID: of.clientId,
    EVERSEND_CLIENT_SECRET: of.clientSecret,
    PROVIDER_CONNECT_TIMEOUT_MS: String(of.connectTimeoutMs),
    PROVIDER_TIMEOUT_MS: String(of.timeoutMs),
    PROVIDER_MAX_CONCURRENCY: String(of.maxConcurrency),
    PROVIDER_RATE_PER_SECOND: '0',
    QUOTATION_MARGIN_MS: String(of.quotationMarginMs),
  });
  return createEversendProvider({ config, cache: cacheOfOneProcess(), log: createLogger('silent') });
}

/** Locks and rates of this process; no value outlives a question, so every provider opened fetches a token of its own. */
function cacheOfOneProcess(): Cache {
  return {
    ...createMemoryCache(),
    get: async () => null,
    set: async () => {},
    delete: async () => {},
    ping: async () => true,
    close: async () => {},
  };
}
