// The headers every answer carries, whatever it is: made once, so that an answer costs one object and no thought.

/** For answers that are data: nothing may be loaded, framed or run. */
const DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const COMMON = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
} as const;

export type Headers = Readonly<Record<string, string>>;

/** Security headers of an answer that is no page. */
export const SECURITY_HEADERS: Headers = { ...COMMON, 'content-security-policy': DATA_POLICY };

/** Security headers of a page of ours, with its own content security policy. */
export function pageHeaders(policy: string): Headers {
  return { ...COMMON, 'content-security-policy': policy };
}
