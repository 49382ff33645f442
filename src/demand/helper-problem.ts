import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';

import { systemErrorText } from '../config/configuration-files.ts';
import { FileOwners } from '../execute/file-owner.ts';
import {
  helpersMayLoad,
  LONGEST_HELPER_PATH,
  readHelperPath,
  staticHelper,
} from '../kernel/helper-setting.ts';
import { byteLength, filePath } from '../native/byte-text.ts';
import { isLoadingDisabled } from '../kernel/security-state.ts';
import { filesBehind } from './launcher.ts';

/** Why the kernel cannot have modules loaded by a program, or should not. */
export interface HelperProblem {
  readonly code:
    | 'no-modules'
    | 'static-helper'
    | 'loading-disabled'
    | 'capabilities'
    | 'too-long'
    | 'missing'
    | 'not-executable'
    | 'owner'
    | 'interpreter'
    | 'overridden';
  /** One sentence, or two with the remedy. */
  readonly text: string;
}

/** Where to look. */
export interface HelperPlace {
  /** Folder in place of `/` for files. */
  readonly root: string;
  /** Folder that holds `proc`. */
  readonly kernelRoot: string;
  readonly release: string;
}

/** What stands in the way of any helper. */
export function kernelProblems({ root, kernelRoot, release }: HelperPlace): readonly HelperProblem[] {
  const kernel = { root: kernelRoot };
  if (readHelperPath(kernel) === undefined)
    return [
      {
        code: 'no-modules',
        text: `${join(kernelRoot, 'proc/sys/kernel/modprobe')} does not exist: the kernel has no loadable modules, or no proc file system is mounted there.`,
      },
    ];
  const problems: HelperProblem[] = [];
  const only = staticHelper(release, kernel) ?? staticHelper(release, { root });
  if (only != null)
    problems.push({
      code: 'static-helper',
      text: `The kernel was built with CONFIG_STATIC_USERMODEHELPER and starts ${only === '' ? 'no program at all' : `nothing but ${only}`}, whatever is set. Only that program could call kmodctl's modprobe.`,
    });
  if (isLoadingDisabled(kernel))
    problems.push({
      code: 'loading-disabled',
      text: 'kernel.modules_disabled is 1: no module can be loaded until the machine is started anew.',
    });
  if (!helpersMayLoad(kernel))
    problems.push({
      code: 'capabilities',
      text: 'kernel.usermodehelper.bset has no CAP_SYS_MODULE (bit 16), so no helper may load a module. What was taken out of it comes back when the machine is started anew.',
    });
  return problems;
}

/** What is wrong with a program as the kernel's helper. */
export function programProblems(path: string, { root }: Pick<HelperPlace, 'root'>): readonly HelperProblem[] {
  const length = byteLength(path);
  if (length > LONGEST_HELPER_PATH)
    return [
      {
        code: 'too-long',
        text: `The path has ${length} bytes; the kernel takes at most ${LONGEST_HELPER_PATH}.`,
      },
    ];
  const file = join(root, path);
  let status: Stats | undefined;
  try {
    status = statSync(filePath(file), { throwIfNoEntry: false });
  } catch (error) {
    // A link that leads to itself, a file in place of a folder, no right to look.
    return [
      {
        code: 'missing',
        text: `${path} cannot be looked at (${systemErrorText(error)}): the kernel would start nothing.`,
      },
    ];
  }
  if (status === undefined || !status.isFile())
    return [
      { code: 'missing', text: `${path} is not there, or is no file: the kernel would start nothing.` },
    ];
  try {
    accessSync(filePath(file), constants.X_OK);
  } catch {
    return [{ code: 'not-executable', text: `${path} may not be executed: chmod +x ${path}` }];
  }
  return ownerProblems(filesBehind(file));
}

function ownerProblems(files: readonly string[]): readonly HelperProblem[] {
  const owners = new FileOwners();
  for (const file of files) {
    try {
      const finding = owners.inspect(file);
      if (finding !== undefined)
        return [
          {
            code: 'owner',
            text: `${finding.text} The kernel would run it as root; set owner and mode (chown root, chmod go-w).`,
          },
        ];
    } catch (error) {
      return [{ code: 'interpreter', text: `The program needs ${file}: ${(error as Error).message}` }];
    }
  }
  return [];
}
