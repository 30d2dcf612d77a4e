// Imported into a process whose clock a test moves: it is ahead by as many milliseconds as stand in the file.
import { readFileSync } from 'node:fs';

const file = process.env['CLOCK_AHEAD_FILE'] ?? '';
const { now } = Date;
let ahead = 0;
const look = () => {
  ahead = Number(readFileSync(file, 'utf8'));
};
look();
setInterval(look, 50).unref();
Date.now = () => now() + ahead;
