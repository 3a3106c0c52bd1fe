// The fixed tariff: collection charge, flat payout fees, exchange rates and collection limits, with what control calls changed.
import { formatAmount } from '../money.ts';
import type { Settings } from './switches.ts';

/** Flat fee on a mobile-money or bank payout, in whole units of the source wallet. Wallet to wallet is free. */
const PAYOUT_FEES: Readonly<Record<string, string>> = {
  UGX: '2500',
  KES: '50',
  GHS: '5',
  RWF: '500',
  NGN: '50',
  XAF: '500',
  XOF: '500',
  TZS: '1500',
  ZMW: '10',
  USD: '1',
  EUR: '1',
  GBP: '1',
  ZAR: '20',
};

const PER_USD: Readonly<Record<string, string>> = {
  UGX: '3700',
  KES: '129',
  GHS: '12',
  RWF: '1400',
  NGN: '1550',
  XAF: '600',
  XOF: '600',
  TZS: '2600',
  ZMW: '24',
  USD: '1',
  EUR: '0.92',
  GBP: '0.79',
  ZAR: '18',
};

/** Whole units. The cap is far above the opening balances, so that a local wallet never fills up. */
const LIMITS: Readonly<Record<string, { readonly least: bigint; readonly most: bigint }>> = {
  UGX: { least: 500n, most: 4_000_000n },
  KES: { least: 10n, most: 250_000n },
  GHS: { least: 1n, most: 15_000n },
  RWF: { least: 100n, most: 2_000_000n },
  XAF: { least: 500n, most: 1_000_000n },
  XOF: { least: 100n, most: 2_000_000n },
  TZS: { least: 500n, most: 5_000_000n },
};
const DEFAULT_LIMITS = { least: 1n, most: 2_147_483_647n };
const WALLET_CAP_UNITS = 100_000_000_000n;

/** Rates carry 15 decimals, as in the documented sample. */
const RATE_SCALE = 10n ** 15n;

export function payoutFeeMinor(settings: Settings, currency: string): bigint {
  return scaled(settings['prices.payoutFees'][currency] ?? PAYOUT_FEES[currency] ?? '0') / 100n;
}

/** The charge on a collection, rounded half up to whole units. */
export function collectionChargeMinor(settings: Settings, amountMinor: bigint): bigint {
  const exact = amountMinor * BigInt(settings['prices.collectionBasisPoints']);
  return ((exact + 500_000n) / 1_000_000n) * 100n;
}

export function collectionLimits(currency: string): { readonly leastMinor: bigint; readonly mostMinor: bigint } {
  const { least, most } = LIMITS[currency] ?? DEFAULT_LIMITS;
  return { leastMinor: least * 100n, mostMinor: most * 100n };
}

export const walletCapMinor = WALLET_CAP_UNITS * 100n;

/** Units of `to` for one unit of `from`, times 10^15; null where there is no rate. */
export function rate(settings: Settings, from: string, to: string): bigint | null {
  const perFrom = settings['prices.perUsd'][from] ?? PER_USD[from];
  const perTo = settings['prices.perUsd'][to] ?? PER_USD[to];
  if (perFrom === undefined || perTo === undefined || scaled(perFrom) === 0n) return null;
  return (scaled(perTo) * RATE_SCALE) / scaled(perFrom);
}

/** `sourceMinor × rate`, half up to hundredths. */
export function convert(sourceMinor: bigint, scaledRate: bigint): bigint {
  return (sourceMinor * scaledRate + RATE_SCALE / 2n) / RATE_SCALE;
}

/** What must be given to receive `destinationMinor`, half up to hundredths. */
export function convertBack(destinationMinor: bigint, scaledRate: bigint): bigint {
  return (destinationMinor * RATE_SCALE + scaledRate / 2n) / scaledRate;
}

/** The rate as text, without trailing zeros: `"0.034864864864864"`, `"1"`. */
export function rateText(scaledRate: bigint): string {
  const decimals = (scaledRate % RATE_SCALE).toString().padStart(15, '0').replace(/0+$/, '');
  return decimals === '' ? `${scaledRate / RATE_SCALE}` : `${scaledRate / RATE_SCALE}.${decimals}`;
}

/** Two decimals always: `"3200.00"`. */
export function fixed(minor: bigint): string {
  const text = formatAmount(minor);
  const decimals = text.split('.')[1]?.length ?? 0;
  return decimals === 2 ? text : decimals === 1 ? `${text}0` : `${text}.00`;
}

/** Ten-thousandths of decimal text with up to four decimals. */
function scaled(text: string): bigint {
  const [whole = '0', decimals = ''] = text.split('.');
  return BigInt(whole) * 10_000n + BigInt(decimals.padEnd(4, '0'));
}
