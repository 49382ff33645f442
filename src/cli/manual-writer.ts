/** `npm run manual`: writes the manual pages. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../native/load-binding.ts';
import { manualPages } from './man-page.ts';

const folder = join(packageRoot(), 'docs/man');
mkdirSync(folder, { recursive: true });
for (const [name, text] of manualPages()) writeFileSync(join(folder, name), text);
