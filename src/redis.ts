// Connects to Redis: one server, a Sentinel group or a Cluster, whichever REDIS_URL describes.
import { Cluster, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

/** For callers that would rather be refused at once than wait: no queue while disconnected, and a deadline on every command. */
export const FAIL_FAST = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  connectTimeout: 3000,
  commandTimeout: 2000,
  // A server that leaves a command unanswered this long is dialled anew: a frozen or unreachable one is noticed.
  socketTimeout: 5000,
};

/** For workers, whose blocking reads wait for work: commands wait for the connection to come back. */
export const PATIENT = { enableOfflineQueue: true, maxRetriesPerRequest: null, connectTimeout: 3000 };

/** Tries for ever: 100 ms at first, doubling up to 2 s, with jitter so that processes do not come back in step. */
function reconnectAfter(times: number): number {
  return Math.min(2000, 50 * 2 ** Math.min(times, 6)) * (0.5 + Math.random() / 2);
}

function readAddresses(text: string) {
  const secure = text.startsWith('rediss:');
  const [list = '', query = ''] = text.split('?', 2);
  const urls = list.split(',').map((part) => new URL(part.includes('://') ? part.trim() : `redis://${part.trim()}`));
  const [first] = urls;
  if (first === undefined) throw new TypeError('REDIS_URL names no server');
  const path = urls.at(-1)?.pathname.slice(1) ?? '';
  return {
    hosts: urls.map((url) => ({ host: url.hostname, port: url.port === '' ? null : Number(url.port) })),
    database: path === '' ? 0 : Number(path),
    sentinelGroup: new URLSearchParams(query).get('sentinel'),
    credentials: {
      ...(first.username === '' ? {} : { username: decodeURIComponent(first.username) }),
      ...(first.password === '' ? {} : { password: decodeURIComponent(first.password) }),
      ...(secure ? { tls: {} } : {}),
    },
  };
}

/**
 * Opens a connection that reconnects for ever. `url` is `redis://[user:password@]host[:port][/db]` (`rediss` for TLS),
 * several comma-separated addresses for a Cluster, or several with `?sentinel=<group>` for Sentinel.
 * `onError` hears of every failed connection; without a listener such an error would end the process.
 */
export function connectRedis(
  url: string,
  options: typeof FAIL_FAST | typeof PATIENT,
  onError: (error: Error) => void,
): RedisClient {
  const { hosts, database, sentinelGroup, credentials } = readAddresses(url);
  const shared = { ...options, ...credentials, db: database, retryStrategy: reconnectAfter };
  let client: RedisClient;
  if (sentinelGroup !== null) {
    const sentinels = hosts.map(({ host, port }) => ({ host, port: port ?? 26379 }));
    client = new Redis({ ...shared, name: sentinelGroup, sentinels, sentinelRetryStrategy: reconnectAfter });
  } else if (hosts.length > 1) {
    const { enableOfflineQueue, ...redisOptions } = { ...options, ...credentials };
    client = new Cluster(
      hosts.map(({ host, port }) => ({ host, port: port ?? 6379 })),
      { enableOfflineQueue, clusterRetryStrategy: reconnectAfter, redisOptions },
    );
  } else {
    client = new Redis({ ...shared, host: hosts[0]?.host ?? '127.0.0.1', port: hosts[0]?.port ?? 6379 });
  }
  client.on('error', onError);
  return client;
}

/** Resolves once the first attempt to connect has ended, either way: what a process asks in its first moments need not fail. */
export function firstAttempt(client: RedisClient): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      client.off('ready', done);
      client.off('error', done);
      resolve();
    };
    const timer = setTimeout(done, FAIL_FAST.connectTimeout);
    client.on('ready', done);
    client.on('error', done);
  });
}
