import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { renderLifecycle } from '../dist/render-lifecycle.js';

/** Writes the reference page of the lifecycle; packages/domain must be built. A test holds the page against the table. */
const page = fileURLToPath(new URL('../../../docs/reference/lifecycle.md', import.meta.url));
writeFileSync(page, await format(renderLifecycle(), { ...(await resolveConfig(page)), parser: 'markdown' }));
