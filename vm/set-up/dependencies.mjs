import fs from 'fs';
import path from 'path';

import { contentHash } from './content-hash.mjs';
import { findProgram, readIfThere, root, runStep, SetUpFailure } from './step.mjs';

const stamp = path.join(root, 'node_modules/.kmodctl-lock-hash');

/** Runs `npm ci` unless node_modules is what package-lock.json asks for. */
export function installDependencies() {
  const hash = contentHash(['package-lock.json'], [process.platform, process.arch]);
  if (readIfThere(stamp) === hash) return;
  if (!isInstalled()) {
    const npm = npmCommand();
    const parameters = npm.parameters.concat(['ci', '--include=dev', '--no-audit', '--no-fund']);
    runStep('Installing npm packages', [{ command: npm.command, parameters }]);
  }
  fs.writeFileSync(stamp, hash);
}

/** npm that runs this if one does (it may not be on the PATH), else the one on the PATH. */
export function npmCommand() {
  const own = process.env.npm_execpath;
  if (own && /npm-cli\.c?js$/.test(own)) return { command: process.execPath, parameters: [own] };
  const found = findProgram('npm');
  if (found === undefined) throw new SetUpFailure('npm was not found; Debian has it in package npm.');
  return { command: found, parameters: [] };
}

/** npm leaves a list of what it installed; packages for other platforms are in the lock file but not there. */
function isInstalled() {
  const installedText = readIfThere(path.join(root, 'node_modules/.package-lock.json'));
  if (installedText === undefined) return false;
  const installed = JSON.parse(installedText).packages;
  const wanted = JSON.parse(readIfThere(path.join(root, 'package-lock.json'))).packages;
  return (
    Object.keys(installed).every((place) => wanted[place] !== undefined) &&
    Object.keys(wanted).every((place) => {
      if (place === '') return true;
      if (installed[place] === undefined) return wanted[place].optional === true;
      return installed[place].version === wanted[place].version && fs.existsSync(path.join(root, place));
    })
  );
}
