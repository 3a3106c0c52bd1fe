// Every limit there is, with its quota from the configuration: who is counted, and what for.
import { type Context, perContext } from '../context.ts';
import { createLimit, type Limit } from './limit.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** By client address: everything that has no limit of its own by address; probes; refused webhooks; sign-ins. */
export type AddressLimit = 'address' | 'probes' | 'forgeries' | 'signIns';
/** By merchant: what only reads, what changes something, what moves money. */
export type MerchantLimit = 'reads' | 'writes' | 'money';
type OtherLimit = 'key' | 'providerToken' | 'otpPhone' | 'otpPrefix' | 'otpMerchant';

export type Limits = Readonly<Record<AddressLimit | MerchantLimit | OtherLimit, Limit>>;

export const limitsOf = perContext(({ cache, config }: Context): Limits => {
  const limit = (name: string, units: number, windowMs: number, of: string) =>
    createLimit(cache, { name, quota: { units, windowMs }, of });
  return {
    address: limit('address', config.RATE_LIMIT_IP_PER_SECOND, SECOND, 'requests from this address'),
    probes: limit('probes', config.RATE_LIMIT_PROBES_PER_SECOND, SECOND, 'probes from this address'),
    forgeries: limit('forgeries', config.RATE_LIMIT_FORGERIES_PER_SECOND, SECOND, 'refused webhooks from this address'),
    signIns: limit('sign-ins', config.RATE_LIMIT_SIGN_INS_PER_MINUTE, MINUTE, 'attempts to sign in from this address'),
    key: limit('key', config.RATE_LIMIT_KEY_PER_SECOND, SECOND, 'requests with this API key'),
    reads: limit('reads', config.RATE_LIMIT_READS_PER_SECOND, SECOND, 'reading requests of this merchant'),
    writes: limit('writes', config.RATE_LIMIT_WRITES_PER_SECOND, SECOND, 'writing requests of this merchant'),
    money: limit('money', config.RATE_LIMIT_MONEY_PER_SECOND, SECOND, 'requests of this merchant that move money'),
    providerToken: limit(
      'provider-token',
      config.RATE_LIMIT_PROVIDER_TOKEN_PER_MINUTE,
      MINUTE,
      "readings of the provider's token by this merchant",
    ),
    otpPhone: limit('otp-phone', config.OTP_LIMIT_PER_PHONE_PER_HOUR, HOUR, 'one-time pins for this phone'),
    otpPrefix: limit(
      'otp-prefix',
      config.OTP_LIMIT_PER_PREFIX_PER_HOUR,
      HOUR,
      'one-time pins for phones like this one',
    ),
    otpMerchant: limit('otp-merchant', config.OTP_LIMIT_PER_MERCHANT_PER_DAY, DAY, 'one-time pins for this merchant'),
  };
});

/** Whose address it is: of IPv6, the network a client has to itself, since the rest of the address is the client's to choose. */
export function addressSubject(clientAddress: string | null): string {
  if (clientAddress === null) return 'unknown';
  return clientAddress.includes(':') ? networkOf(clientAddress) : clientAddress;
}

/** The first 64 bits, written out: `2001:db8::1` gives `2001:db8:0:0`. */
function networkOf(address: string): string {
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  if (after === undefined) return head.slice(0, 4).join(':');
  const tail = after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
