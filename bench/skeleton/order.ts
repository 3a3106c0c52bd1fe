// What a skeleton's process is told when it is started, and how it answers its starter.
import type { Variant } from './steps.ts';

export interface SkeletonOrder {
  readonly variant: Variant;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** The provider's origin. */
  readonly providerUrl: string;
  readonly webhookSecret: string;
}

/** Says that this process is ready (and where it listens), and ends it when its starter goes away. */
export function tellStarter(message: { readonly port: number | null }): void {
  process.on('disconnect', () => process.exit());
  process.on('SIGTERM', () => process.exit());
  process.send?.(message);
}
