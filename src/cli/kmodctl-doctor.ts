import { resolve } from 'node:path';

import { diagnoseSync } from '../api/diagnose.ts';
import { joinParameterWords } from '../plan/module-parameters.ts';
import { diagnosisText } from './diagnosis-text.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError, namedConfiguration } from './kmodctl-options.ts';

/** `kmodctl doctor`. */
export const doctorSubcommand: Subcommand = {
  options: ['all', 'config', 'release', 'root', 'json', 'color'],
  manual: {
    purpose: 'why a module does not load',
    usage: ['[options] NAME|ALIAS|FILE [PARAMETER=VALUE...]'],
    about:
      'Finds out what speaks against loading a module, without loading anything: its file, versions, symbols, parameters and signature against the kernel, the configuration, the state of the kernel and the permission. A file (with a slash in its name) is taken as insmod would. The exit code is 1 when something does.',
    operands: 'module-and-parameters',
  },
  run(given, io) {
    const { has, operands, place, paint } = given;
    const [name, ...words] = operands;
    if (name === undefined) throw new UsageError('which module? Give its name or its file.');
    const config = namedConfiguration(given, io);
    const diagnosis = diagnoseSync(name.includes('/') ? resolve(io.workingDirectory, name) : name, {
      ...place,
      ...(config.length > 0 && { config }),
      configRoot: io.root ?? '/',
      parameters: joinParameterWords(words),
      running: place.release === io.release,
      syscalls: io.syscalls,
    });
    if (has('json')) io.stdout(jsonDocument('doctor', diagnosis));
    else io.stdout(diagnosisText(diagnosis, paint, has('all')));
    return diagnosis.verdict === 'fails' || diagnosis.verdict === 'may-fail' ? 1 : 0;
  },
};
