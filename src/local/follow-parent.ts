// Loaded before a part that `npm start` runs: when the starter is gone, even killed, the part stops too and frees its port.
import { isMainThread } from 'node:worker_threads';

const LAST_MOMENTS_MS = 2_000;

// The starter may have died while this part was being loaded: nobody will tell it again.
if (isMainThread && process.connected === false) process.exit(1);
if (isMainThread && process.channel) {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_MOMENTS_MS).unref();
  });
  // The listener alone would keep a part alive that has otherwise finished.
  process.channel.unref();
}
