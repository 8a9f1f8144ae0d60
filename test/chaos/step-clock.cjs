/** Loaded before the service: moves its wall clock by the milliseconds that a file says, as a step of the real one would. */
const { readFileSync } = require('node:fs');
const { setInterval } = require('node:timers');

const POLL_INTERVAL_MS = 50;
const now = Date.now.bind(Date);
let offsetMs = 0;
Date.now = () => now() + offsetMs;
setInterval(() => {
  offsetMs = Number(readFileSync(process.env.CHAOS_CLOCK_FILE, 'utf8'));
}, POLL_INTERVAL_MS).unref();
