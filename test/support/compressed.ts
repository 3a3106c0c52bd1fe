// The compressed profile of whole systems: minutes of the machine pass in milliseconds.

/** Every interval in milliseconds, so that hours of doubt pass in seconds. */
export const COMPRESSED = {
  // The run's PostgreSQL does not wait for the disk.
  DATABASE_DURABILITY: 'waived',
  API_ENVIRONMENT: 'test',
  PROVIDER_RATE_PER_SECOND: '0',
  PROVIDER_MAX_CONCURRENCY: '16',
  PROVIDER_CONNECT_TIMEOUT_MS: '500',
  PROVIDER_TIMEOUT_MS: '1000',
  SEND_WINDOW_MS: '1000',
  QUOTATION_MARGIN_MS: '200',
  RESEND_MARGIN_MS: '500',
  RESEND_LOOKUP_SPAN_MS: '300',
  COLLECTION_RESEND_AFTER_MS: '3000',
  COLLECTION_PATIENCE_MS: '15000',
  PAYOUT_PATIENCE_MS: '40000',
  LEASE_MS: '2000',
  JOB_LOCK_MS: '2000',
  SWEEP_INTERVAL_MS: '200',
  RING_GRACE_MS: '1000',
  RETRY_BASE_MS: '100',
  RETRY_MAX_MS: '1000',
  LOOKUP_SCHEDULE_MS: '100,200,400',
  POLL_SCHEDULE_MS: '300,500,1000',
  REVERSAL_CHECK_MS: '1000',
  ROLLUP_INTERVAL_MS: '500',
  LOG_LEVEL: 'warn',
} as const;
