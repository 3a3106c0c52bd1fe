// One log line per request: what was asked, by whom, how it ended and how long it took. Never a query, a body or a raw path.
import type { Context } from '../context.ts';
import type { Exchange } from './exchange.ts';

/** Probes come every few seconds and tell nothing while they succeed. */
const QUIET = new Set(['/livez', '/readyz', '/metrics']);

export function logAccess(ctx: Context, exchange: Exchange, of: { method: string; status: number }): void {
  const { requestId, clientAddress, route, merchantId, apiKeyId, code } = exchange;
  const fields = {
    requestId,
    method: of.method,
    // Who sends too much is refused before anybody looks what for.
    path: route ?? (code === 'rate_limited' ? '(not looked at)' : '(no such path)'),
    status: of.status,
    durationMs: Math.round((performance.now() - exchange.startedAt) * 10) / 10,
    ...(clientAddress === null ? {} : { clientAddress }),
    ...(merchantId === null ? {} : { merchantId }),
    ...(apiKeyId === null ? {} : { apiKeyId }),
    ...(code === null ? {} : { code }),
  };
  if (route !== null && QUIET.has(route) && of.status < 500) ctx.log.debug(fields, 'request');
  else ctx.log.info(fields, 'request');
}
