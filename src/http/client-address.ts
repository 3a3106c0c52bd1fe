// The client's true address: the socket's, or the entry that the outermost trusted proxy wrote into X-Forwarded-For.
import { isIP } from 'node:net';

/** One spelling per address: IPv4 in IPv6 as IPv4, without zone, port or brackets. Null for what is no address. */
export function normalAddress(text: string): string | null {
  if (isIP(text) === 4) return text;
  const bare = text
    .trim()
    .replace(/^\[(.+)\](?::\d+)?$/, '$1')
    .replace(/%.*$/, '')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i, '$1');
  return isIP(bare) === 0 ? null : bare.toLowerCase();
}

/**
 * `hops` proxies in front of us are trusted; each appends to `forwardedFor` whom it saw. The client is the one the outermost of
 * them saw; whatever stands further left was written by the client itself and proves nothing.
 */
export function clientAddressOf(of: {
  socketAddress: string | undefined;
  forwardedFor: string | undefined;
  hops: number;
}): string | null {
  const nearest = of.socketAddress === undefined ? null : normalAddress(of.socketAddress);
  if (of.hops === 0 || of.forwardedFor === undefined) return nearest;
  const seen = of.forwardedFor.split(',');
  const entry = seen[Math.max(0, seen.length - of.hops)] ?? '';
  return normalAddress(entry) ?? nearest;
}
