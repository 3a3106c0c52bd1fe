// Reads a Retry-After header: seconds or a date, and nothing that could stall us for long.

/** However long the provider asks for, we ask again after five minutes. */
const RETRY_AFTER_CAP_MS = 5 * 60_000;

/** Milliseconds to wait as of `now`; null when the header is absent or says nothing readable. */
export function readRetryAfter(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^[0-9]+(\.[0-9]+)?$/.test(text)) return Math.min(RETRY_AFTER_CAP_MS, Math.ceil(Number(text) * 1000));
  // Date.parse takes "-5" for a year, so only the HTTP form is shown to it.
  if (!/^[A-Z][a-z]{2,8}, .+ GMT$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(RETRY_AFTER_CAP_MS, Math.max(0, at - now.getTime()));
}
