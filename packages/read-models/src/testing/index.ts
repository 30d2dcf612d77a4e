export { detailColumns, parseDetailRow } from '../detail/detail-row.js';
export { sampleEvent } from './sample-events.js';
export { copyRows, type CopyValue } from '../rebuild/copy-rows.js';
