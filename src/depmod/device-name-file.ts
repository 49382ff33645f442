import type { DepmodReport } from './depmod-notice.ts';
import { type IndexOutput, textOutput } from './index-output.ts';

/** A module with its aliases in file order. */
export interface AliasedModule {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** A device node: its name, kind and numbers. */
interface DeviceName {
  readonly name: string | undefined;
  /** For example `c10:229`. */
  readonly node: string | undefined;
}

/**
 * `modules.devname`: the device nodes that are to exist before their module is loaded. A module asks for one with an
 * alias `devname:NAME` and another one that has the numbers. No bytes when no module does.
 */
export function deviceNameFile(modules: Iterable<AliasedModule>, report: DepmodReport): IndexOutput {
  const lines: string[] = [];
  for (const { name: moduleName, aliases } of modules) {
    const { name, node } = deviceName(aliases);
    if (name === undefined) continue;
    if (node !== undefined) lines.push(`${moduleName} ${name} ${node}\n`);
    else
      report({
        priority: 'error',
        text: `Module '${moduleName}' has devname (${name}) but lacks major and minor information. Ignoring.`,
      });
  }
  if (lines.length > 0) lines.unshift('# Device nodes to trigger on-demand module loading.\n');
  return textOutput('modules.devname', lines);
}

/** The last name and the last numbers, up to the place where both are known. */
function deviceName(aliases: readonly string[]): DeviceName {
  let name: string | undefined;
  let node: string | undefined;
  for (const alias of aliases) {
    if (alias.startsWith('devname:')) name = alias.slice('devname:'.length);
    else node = deviceNode(alias) ?? node;
    if (name !== undefined && node !== undefined) break;
  }
  return { name, node };
}

const NODE = /^(char|block)-major-\s*([-+]?\d+)-\s*([-+]?\d+)/;

function deviceNode(alias: string): string | undefined {
  const [, kind, major, minor] = NODE.exec(alias) ?? [];
  if (kind === undefined || major === undefined || minor === undefined) return undefined;
  return `${kind[0] ?? ''}${asUnsigned(major)}:${asUnsigned(minor)}`;
}

/** A number as the C library reads one for 32 bits without sign. */
function asUnsigned(digits: string): string {
  return BigInt.asUintN(32, BigInt(digits.replace('+', ''))).toString();
}
