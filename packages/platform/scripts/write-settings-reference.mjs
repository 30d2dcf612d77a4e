// Writes docs/reference/settings.md from the settings in the code. Build first.
import { writeFileSync } from 'node:fs';
import { settingsReference } from '../dist/index.js';

writeFileSync(new URL('../../../docs/reference/settings.md', import.meta.url), settingsReference());
