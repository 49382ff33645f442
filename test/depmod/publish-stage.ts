/** Publishes a set of files, to be disturbed: `publish-stage.js FOLDER SET`. Ends with 1 when that is refused. */
import { publishIndexes } from '../../src/depmod/publish.ts';
import { publishedSet } from './published-set.ts';

const [, , folder = '', letter = ''] = process.argv;
try {
  publishIndexes(folder, publishedSet(letter));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  process.stderr.write(`${code ?? 'no code'}: ${message}\n`);
  process.exitCode = 1;
}
