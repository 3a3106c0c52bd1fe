// Where events may be sent: to public addresses over https, judged by what a name resolves to, and never to anything inside.
import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Not the public internet: this host, private, shared, link-local, reserved, test, multicast; and IPv6 forms that carry IPv4. */
const INSIDE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of IPv6 only 2000::/3 is given out; inside of it these are not the other side's own. */
const INSIDE_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const blocked = new BlockList();
for (const range of INSIDE) addTo(blocked, range, 'ipv4');
for (const range of INSIDE_IPV6) addTo(blocked, range, 'ipv6');
const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function addTo(list: BlockList, range: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', prefix] = range.split('/');
  list.addSubnet(address, Number(prefix), family);
}

/** Whether an address, as the resolver gives it, may be connected to. */
export function mayConnect(address: string, allowLocal: boolean): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (allowLocal && loopback.check(address, family)) return true;
  return !blocked.check(address, family) && (version === 4 || global.check(address, 'ipv6'));
}

export type Lookup = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export const lookUpName: Lookup = (hostname) => systemLookup(hostname, { all: true, verbatim: true });

/** Why an address will not do: a code and a sentence for whoever wrote it. Null when it may be tried. */
export interface UrlProblem {
  readonly code: string;
  readonly message: string;
}

const NOT_HTTPS: UrlProblem = {
  code: 'not_https',
  message: 'Send an https address on port 443 of at most 2000 characters, without user name, password or fragment.',
};
const NOT_PUBLIC: UrlProblem = {
  code: 'address_not_public',
  message: 'Send an address on the public internet: this one leads to a private, local or reserved address.',
};

/** The host of a parsed URL as an address without brackets, or as a name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/**
 * What is wrong with the text of an address, before anybody is asked. Numbers in any spelling (decimal, octal, hex) have become plain
 * addresses by parsing, so that what is judged is what would be connected to.
 */
export function urlProblem(text: string, allowLocal: boolean): UrlProblem | null {
  if (text.length > 2000 || !/^https?:\/\/[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) return NOT_HTTPS;
  const url = new URL(text);
  const host = hostOf(url);
  const isLocal = allowLocal && (host === 'localhost' || (isIP(host) !== 0 && mayConnect(host, true)));
  if (url.username !== '' || url.password !== '' || url.hash !== '' || text.includes('\\')) return NOT_HTTPS;
  if (!isLocal && (url.protocol !== 'https:' || url.port !== '')) return NOT_HTTPS;
  if (isIP(host) !== 0) return mayConnect(host, allowLocal) ? null : NOT_PUBLIC;
  if (isLocal) return null;
  const isName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(host) && host.length <= 253;
  return isName && !/\.(localhost|local|internal|intranet|lan|home|corp|test|invalid|onion|arpa)$/.test(host)
    ? null
    : NOT_PUBLIC;
}

/** How long a registration waits for the resolver; what it does not know by then is judged when it is connected to. */
const RESOLVE_WITHIN_MS = 2000;

/** The same, and what the name leads to now. It is judged again at every connection: a name may lead elsewhere tomorrow. */
export async function endpointProblem(
  text: string,
  of: { allowLocal: boolean; lookup?: Lookup },
): Promise<UrlProblem | null> {
  const problem = urlProblem(text, of.allowLocal);
  if (problem !== null) return problem;
  const host = hostOf(new URL(text));
  if (isIP(host) !== 0) return null;
  const late = new AbortController();
  try {
    const found = await Promise.race([
      (of.lookup ?? lookUpName)(host),
      wait(RESOLVE_WITHIN_MS, null, { signal: late.signal, ref: false }),
    ]);
    return found === null || found.every(({ address }) => mayConnect(address, of.allowLocal)) ? null : NOT_PUBLIC;
  } catch {
    // A name that nobody knows today may be known tomorrow; a ping tells.
    return null;
  } finally {
    late.abort();
  }
}
