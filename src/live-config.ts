// What may not be configured where real money moves: secrets that anybody could guess, and connections that anybody could join.
import { BlockList, isIP } from 'node:net';
import type { Config } from './config.ts';

const SHORTEST_SECRET = 16;
/** Of the simulator, of samples, and of whoever meant to change it later. */
const KNOWN_SECRET = /simulator|change.?me|example|password|^(webhook.?)?secret|^test/i;
/** A random key of 32 bytes has some thirty different ones; fewer than this is typed, repeated or all zero. */
const FEWEST_DIFFERENT_BYTES = 16;

const isGuessable = (secret: string) =>
  secret.length < SHORTEST_SECRET || KNOWN_SECRET.test(secret) || new Set(secret).size < SHORTEST_SECRET / 2;

const privateNetworks = new BlockList();
for (const [address, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateNetworks.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNetworks.addSubnet(address, prefix, 'ipv6');

/** A private address, or a name that only a private network knows. */
function isPrivate(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(bare);
  if (version !== 0) return privateNetworks.check(bare, version === 6 ? 'ipv6' : 'ipv4');
  return !bare.includes('.') || /\.(internal|local|localhost|svc|cluster\.local)$/i.test(bare);
}

/** One sentence for each; none in a test environment, where nothing is worth stealing. */
export function liveProblems(config: Config): readonly string[] {
  if (config.API_ENVIRONMENT !== 'live') return [];
  const problems: string[] = [];
  if (config.EVERSEND_WEBHOOK_SECRETS.some(isGuessable))
    problems.push(
      `EVERSEND_WEBHOOK_SECRET can be guessed: use a random one of at least ${SHORTEST_SECRET} characters (openssl rand -hex 32).`,
    );
  if (config.DATA_ENCRYPTION_KEYS.some((key) => new Set(key).size < FEWEST_DIFFERENT_BYTES))
    problems.push('DATA_ENCRYPTION_KEY is not random: make one with openssl rand -base64 32.');
  if (config.WEBHOOK_ALLOW_LOCAL === 'true')
    problems.push('WEBHOOK_ALLOW_LOCAL must be false: endpoints of merchants could reach what is inside.');
  const provider = new URL(config.EVERSEND_BASE_URL);
  if (provider.protocol !== 'https:' && !isPrivate(provider.hostname))
    problems.push('EVERSEND_BASE_URL must be https: credentials and payments would travel in the open.');
  const addresses = (config.REDIS_URL ?? '').replace(/^rediss?:\/\//, '').split('?')[0] ?? '';
  const [credentials = '', hosts = addresses] = addresses.includes('@') ? addresses.split('@') : ['', addresses];
  const servers = hosts.split(',').map((host) => host.replace(/\/.*$/, '').replace(/:\d+$/, ''));
  if (config.REDIS_URL !== undefined && !/:./.test(credentials) && !servers.every(isPrivate))
    problems.push('REDIS_URL names a public server without a password: add one (redis://:password@host).');
  return problems;
}
