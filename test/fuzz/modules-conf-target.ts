import { parseModulesConf } from '../../src/config/modules-conf/read-modules-conf.ts';
import type { ReadingMode } from '../../src/config/modules-conf/reading-mode.ts';
import { parseSyntaxTree, printSyntaxTree } from '../../src/config/modules-conf/syntax-tree.ts';
import { configurationText } from '../../src/config/modules-conf/configuration-text.ts';
import { memoryFiles } from '../config/modules-conf/memory-files.ts';
import { allowOwnErrors } from './own-errors.ts';

const MODES: readonly ReadingMode[] = ['2.4', 'fixed'];

/** A modules.conf, which may include itself; no command is run. */
export function fuzz(data: Buffer): void {
  const text = data.toString();
  const files = memoryFiles({ x: text, '/lib/modules/a/b.o': '', '/lib/modules/c/d.o': '' });
  for (const mode of MODES)
    allowOwnErrors(() => {
      if (printSyntaxTree(parseSyntaxTree(text, 'x', mode)) !== text) throw new Error('not lossless');
      for (const autoclean of [true, false]) {
        const environment = { A: 'one', B: '/lib/modules/a' };
        const options = { file: 'x', release: '2.4.20', mode, autoclean, environment, builtIn: false };
        const model = parseModulesConf(text, options, { files });
        for (const { line, firstLine, column, remedy } of model.diagnostics)
          if (!(firstLine >= 1 && line >= firstLine && column >= 1 && remedy !== ''))
            throw new Error('a diagnostic without its place');
        configurationText(model, 'x');
      }
    });
}
