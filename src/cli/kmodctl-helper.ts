import { resolve } from 'node:path';

import { helperStatus, installHelper, removeHelper } from '../api/helper.ts';
import type { HelperStatus } from '../demand/helper.ts';
import { isOwnerCheck, type OwnerCheck } from '../execute/file-owner.ts';
import type { CliIo } from './cli-io.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, type SubcommandArguments, UsageError } from './kmodctl-options.ts';
import { ownerCheckFault } from './owner-option.ts';

const actions = ['install', 'status', 'remove'] as const;

/** `kmodctl helper`: who loads modules for the kernel. */
export const helperSubcommand: Subcommand = {
  options: ['autoclean', 'check-owner', 'modules-conf', 'json'],
  manual: {
    purpose: 'who loads modules for the kernel: see it, install modprobe for it, put back what was there',
    usage: ['[options] install [FILE]', '[options] status', '[options] remove'],
    about:
      'install: from now on, and after each start, the kernel has modules loaded by modprobe of kmodctl in its safe mode, through a launcher, or by FILE. Unless --check-owner says otherwise it then refuses files that others than root may change. status: who it is, and what is wrong with that; the exit code is 1 if something is. remove: sets again what was there before.',
    operands: actions,
  },
  run(given, io) {
    const [action, file, ...more] = given.operands;
    const surplus = action === 'install' ? more[0] : file;
    if (surplus !== undefined) throw new UsageError(`'${surplus}' is one word too many`);
    const place = { root: io.root, kernelRoot: io.kernel.root, release: io.release };
    switch (action) {
      case 'install': {
        const forLauncher = (['autoclean', 'check-owner', 'modules-conf'] as const).find((name) =>
          given.has(name),
        );
        if (file !== undefined && forLauncher !== undefined)
          throw new UsageError(`--${forLauncher} is for the launcher; ${file} would not get it`);
        const path = file === undefined ? undefined : resolve(io.workingDirectory, file);
        const conf = given.value('modules-conf');
        const options = {
          ...place,
          path,
          autoclean: given.has('autoclean'),
          checkOwner: ownerCheck(given),
          // Without a name it is the usual one.
          modulesConf:
            conf === undefined ? undefined : resolve(io.workingDirectory, conf || '/etc/modules.conf'),
        };
        return show(installHelper(options), given, io);
      }
      case 'status':
        return show(helperStatus(place), given, io);
      case 'remove':
        return show(removeHelper(place), given, io);
      default:
        throw new UsageError(`what is to be done? One of ${actions.join(', ')}.`);
    }
  },
};

function ownerCheck({ value }: SubcommandArguments): OwnerCheck | undefined {
  const check = value('check-owner');
  if (check !== undefined && !isOwnerCheck(check)) throw new UsageError(ownerCheckFault(check));
  return check;
}

function show(status: HelperStatus, { has }: SubcommandArguments, io: CliIo): number {
  io.stdout(has('json') ? jsonDocument('helper', status) : statusText(status));
  return status.problems.length === 0 ? 0 : 1;
}

function statusText({ path, isOurs, options, setting, before, problems }: HelperStatus): string {
  const who = isOurs ? ` (kmodctl${options.map((option) => ` ${option}`).join('')})` : '';
  const lines = [
    ['helper', path === null ? 'the kernel has no modules' : path === '' ? 'none' : path + who],
    ['at start', setting ?? 'not set by kmodctl'],
    ...(before === null ? [] : [['before', before === '' ? 'none' : before]]),
    ...problems.map(({ text }) => ['problem', text]),
  ];
  return lines.map(([label = '', text = '']) => `${label.padEnd(9)} ${text}\n`).join('');
}
