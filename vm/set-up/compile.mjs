import fs from 'fs';
import path from 'path';

import { contentHash, filesBelow } from './content-hash.mjs';
import { readIfThere, root, runStep } from './step.mjs';

const stamp = path.join(root, 'dist/.kmodctl-source-hash');

const sources = ['src', 'vm', 'test', 'bench'];

/** Compiles TypeScript and bundles the command line program unless the sources are those of the last time. */
export function compile() {
  const inputs = filesBelow(sources).filter((file) => /\.(?:ts|mjs|json)$/.test(file));
  const settings = filesBelow(['package.json', 'tsconfig.json', 'node_modules/typescript/package.json']);
  const hash = contentHash(inputs.concat(settings), [process.version]);
  if (readIfThere(stamp) === hash) return;
  removeOrphans(inputs);
  runStep('Compiling TypeScript', [
    {
      command: process.execPath,
      parameters: [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'],
    },
    { command: process.execPath, parameters: [path.join(root, 'vm/bundle-cli.mjs')] },
  ]);
  fs.writeFileSync(stamp, hash);
}

/** A compiled file whose source is gone would still be found by imports and test patterns. */
function removeOrphans(inputs) {
  const expected = new Set(inputs.map((file) => 'dist/' + file.replace(/\.ts$/, '')));
  for (const file of filesBelow(sources.map((place) => 'dist/' + place))) {
    const origin = file.replace(/\.(?:js|js\.map|d\.ts)$/, '');
    if (!expected.has(origin)) fs.rmSync(path.join(root, file));
  }
  // The compiler believes its notes on what it has written.
  fs.rmSync(path.join(root, 'dist/.tsbuildinfo'), { force: true });
}
