import { parseModulesConf } from '../../src/config/modules-conf/read-modules-conf.ts';
import type { ReadingMode } from '../../src/config/modules-conf/reading-mode.ts';
import { parseSyntaxTree, printSyntaxTree } from '../../src/config/modules-conf/syntax-tree.ts';
import { convertModulesConf } from '../../src/config/modules-conf/convert.ts';
import type { ModulesConfiguration } from '../../src/config/modules-conf/model.ts';
import { configurationText } from '../../src/config/modules-conf/configuration-text.ts';
import { memoryFiles } from '../config/modules-conf/memory-files.ts';
import { parseDepmodConfig } from '../../src/config/depmod-config.ts';
import { allowOwnErrors } from './own-errors.ts';

const MODES: readonly ReadingMode[] = ['2.4', 'fixed'];

/** A modules.conf, which may include itself; no command is run. */
export function fuzz(data: Buffer): void {
  const text = data.toString();
  // A long one does not include itself: that is slow only.
  const files = memoryFiles({ x: text.slice(0, 500), '/lib/modules/a/b.o': '', '/lib/modules/c/d.o': '' });
  for (const mode of MODES)
    allowOwnErrors(() => {
      if (printSyntaxTree(parseSyntaxTree(text, 'x', mode)) !== text) throw new Error('not lossless');
      const autoclean = text.length % 2 === 0;
      const environment = { A: 'one', B: '/lib/modules/a' };
      const options = { file: 'x', release: '2.4.20', mode, autoclean, environment, builtIn: false };
      const model = parseModulesConf(text, options, { files });
      for (const { line, firstLine, column, remedy } of model.diagnostics)
        if (!(firstLine >= 1 && line >= firstLine && column >= 1 && remedy !== ''))
          throw new Error('a diagnostic without its place');
      configurationText(model, 'x');
      checkConversion(model);
    });
}

/** What is converted has to be lines that depmod and modprobe know. */
function checkConversion(model: ModulesConfiguration): void {
  const { modprobe, depmod } = convertModulesConf(model);
  for (const line of modprobe.split('\n'))
    if (!/^(?:#|$|(?:alias|options|install|remove|softdep) [^ ]+ )/.test(line))
      throw new Error(`converted to ${line}`);
  parseDepmodConfig(depmod, {
    file: 'x',
    release: '2.4.20',
    report: ({ priority, text }) => {
      if (priority === 'error') throw new Error(text);
    },
  });
}
