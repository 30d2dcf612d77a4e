export { sampleEvent } from './sample-events.js';
export { copyRows, type CopyValue } from '../rebuild/copy-rows.js';
