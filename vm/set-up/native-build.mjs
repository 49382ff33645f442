import fs from 'fs';
import os from 'os';
import path from 'path';

import { contentHash, filesBelow } from './content-hash.mjs';
import { npmCommand } from './dependencies.mjs';
import { readIfThere, root, runStep, SetUpFailure } from './step.mjs';

const stamp = path.join(root, 'build/.kmodctl-source-hash');

/** Whether the compiled addon is that of the sources as they stand. */
export function isAddonCurrent() {
  return fs.existsSync(path.join(root, 'build/Release/kmodctl.node')) && readIfThere(stamp) === sourceHash();
}

/** Compiles the addon unless it is current. It uses Node-API only, so one build serves every version of Node. */
export function buildAddon() {
  if (isAddonCurrent()) return;
  const program = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const parameters = [program, 'rebuild', '--jobs=max'].concat(headerParameters());
  runStep('Compiling the addon', [{ command: process.execPath, parameters }]);
  fs.writeFileSync(stamp, sourceHash());
}

function sourceHash() {
  const settings = [process.platform, process.arch];
  return contentHash(filesBelow(['native', 'binding.gyp']), settings);
}

/**
 * Where the headers of this Node are: beside the program, or in the npm package that holds Node itself. Failing
 * both, node-gyp fetches them from nodejs.org.
 */
function headerParameters() {
  const prefix = path.resolve(fs.realpathSync(process.execPath), '../..');
  if (fs.existsSync(path.join(prefix, 'include/node/node_api.h'))) return ['--nodedir=' + prefix];
  const name = 'node-linux-' + process.arch;
  const folder = path.join(cacheDirectory(), 'node-headers', process.version);
  const directory = path.join(folder, 'node_modules', name);
  try {
    if (!fs.existsSync(path.join(directory, 'include/node/node_api.h'))) installHeaders(folder, name);
    return ['--nodedir=' + directory];
  } catch (error) {
    if (!(error instanceof SetUpFailure)) throw error;
    return [];
  }
}

function installHeaders(folder, name) {
  fs.mkdirSync(folder, { recursive: true });
  const npm = npmCommand();
  const settings = [
    '--prefix',
    folder,
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ];
  const parameters = npm.parameters.concat(['install'], settings, name + '@' + process.versions.node);
  runStep('Fetching the headers of Node ' + process.version, [{ command: npm.command, parameters }]);
}

/** The same folder that the harness itself uses. */
function cacheDirectory() {
  const own = process.env.KMODCTL_CACHE;
  if (own) return path.resolve(own);
  const base = process.env.XDG_CACHE_HOME;
  return path.join(base && base.startsWith('/') ? base : path.join(os.homedir(), '.cache'), 'kmodctl');
}
