// Free loopback ports for servers that tests start.
export { freePort } from '../../src/local/ports.ts';
