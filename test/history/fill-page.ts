/** Puts transcripts into docs/history.md: `node dist/test/history/fill-page.js FOLDER`, with a file `KERNEL NAME` for each. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { HISTORY_PAGE, writeBlock } from './history-page.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('fill-page FOLDER');
const page = readdirSync(folder).reduce(
  (text, name) => writeBlock(text, name, readFileSync(join(folder, name), 'utf8')),
  readFileSync(HISTORY_PAGE, 'utf8'),
);
writeFileSync(HISTORY_PAGE, page);
