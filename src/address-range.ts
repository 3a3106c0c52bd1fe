// Address ranges from which something may be used: an API key, the provider's callback.
import { BlockList, isIP } from 'node:net';

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** An address or a CIDR range such as 203.0.113.0/24 or 2001:db8::/32; null for anything else. */
export function readRange(text: string): Range | null {
  const match = /^([0-9a-fA-F.:]{2,45})(?:\/([0-9]{1,3}))?$/.exec(text);
  const version = isIP(match?.[1] ?? '');
  const most = version === 4 ? 32 : 128;
  const prefix = Number(match?.[2] ?? most);
  if (match?.[1] === undefined || version === 0 || prefix > most) return null;
  return { address: match[1], prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether an address lies in one of the ranges. With no range every address does; an unknown address lies in none. */
export function inRanges(ranges: readonly string[]): (address: string | null) => boolean {
  if (ranges.length === 0) return () => true;
  const list = new BlockList();
  for (const text of ranges) {
    const range = readRange(text);
    if (range !== null) list.addSubnet(range.address, range.prefix, range.family);
  }
  return (address) => address !== null && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
