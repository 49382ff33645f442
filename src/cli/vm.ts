import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { importModule } from '../native/dynamic-import.ts';
import { packageRoot } from '../native/load-binding.ts';
import type { CliIo } from './cli-io.ts';

/** `kmodctl vm`: the harness is loaded only here, from its own files beside the bundle. */
export async function runVm(argv: readonly string[], io: CliIo): Promise<number> {
  const file = join(packageRoot(), 'dist/vm/cli.js');
  if (!existsSync(file)) {
    io.stderr(`kmodctl vm: ${file} is missing. In a checkout build it with: npm run build:ts\n`);
    return 1;
  }
  const { run } = (await importModule(pathToFileURL(file).href)) as {
    run: (argv: readonly string[], io: CliIo) => Promise<number>;
  };
  return run(argv, io);
}
