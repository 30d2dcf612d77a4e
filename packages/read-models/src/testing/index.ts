export { sampleEvent } from './sample-events.js';
