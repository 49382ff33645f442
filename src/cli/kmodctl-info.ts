import { modinfoSync } from '../api/modinfo.ts';
import { moduleVersions, type ModuleVersions, type ModuleVersionsOptions } from '../api/module-versions.ts';
import { kernelOf } from '../api/place-options.ts';
import { kernelPath, type KernelLocation, readKernelText } from '../kernel/kernel-file.ts';
import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import type { ModuleInformation } from '../module-file/modinfo-summary.ts';
import type { ModuleParameter } from '../module-file/parameter-type.ts';
import type { Paint } from './colour.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { hasCode } from './refusal-text.ts';
import { versionTables } from './version-view.ts';

/** `kmodctl info`: modinfo for people, and what the kernel says of the module. */
export const infoSubcommand: Subcommand = {
  options: ['release', 'root', 'all', 'versions', 'json', 'color'],
  manual: {
    purpose: 'what modules are, and whether they are loaded',
    usage: ['[options] NAME|ALIAS|FILE...'],
    about:
      'Shows what modules say of themselves, whether they are loaded, and the values of their parameters then. modinfo prints the fields as they are in the file.',
    operands: 'modules',
  },
  run({ has, operands, place, paint }, io) {
    if (operands.length === 0) throw new UsageError('which modules? Give their names.');
    const { kernelRoot: _, ...treePlace } = place;
    const kernel = kernelOf(place);
    const loaded = loadedIfKnown(kernel);
    const modules = modinfoSync(operands, treePlace).map((information) => ({
      ...information,
      loaded: stateOf(information, loaded, kernel),
    }));
    const show = (shown: readonly ShownModule[]): number => {
      if (has('json')) io.stdout(jsonDocument('info', { modules: shown }));
      else io.stdout(shown.map((module) => moduleText(module, paint, has('all'))).join('\n'));
      return 0;
    };
    return has('versions')
      ? withVersions(modules, { ...place, thorough: has('all') }).then(show)
      : show(modules);
  },
};

/** Nothing is to be said of the versions of what is part of the kernel. */
async function withVersions(
  modules: readonly ShownModule[],
  options: ModuleVersionsOptions,
): Promise<readonly ShownModule[]> {
  const shown: ShownModule[] = [];
  for (const module of modules) {
    const { needs, exports } =
      module.filename === null
        ? { needs: [], exports: [] }
        : await moduleVersions(module.filename, { ...options, kind: 'file' });
    shown.push({ ...module, versions: { needs, exports } });
  }
  return shown;
}

/** A module in the kernel. */
interface LoadedState extends LoadedModule {
  /** Values of parameters that the kernel shows, by name. */
  readonly parameters: Readonly<Record<string, string>>;
}

interface ShownModule extends ModuleInformation {
  /** Null when it is not loaded. */
  readonly loaded: LoadedState | null;
  /** With --versions. */
  readonly versions?: Pick<ModuleVersions, 'needs' | 'exports'>;
}

function loadedIfKnown(kernel: KernelLocation): readonly LoadedModule[] {
  try {
    return loadedModules(kernel);
  } catch (error) {
    if (hasCode(error, 'ERR_KMOD_NO_MODULE_SUPPORT', 'ERR_KMOD_PROC')) return [];
    throw error;
  }
}

function stateOf(
  { name, parameters }: ModuleInformation,
  loaded: readonly LoadedModule[],
  kernel: KernelLocation,
): LoadedState | null {
  const module = loaded.find((each) => each.name === name);
  if (module === undefined) return null;
  const values: Record<string, string> = {};
  for (const parameter of parameters) {
    const value = parameterValue(name, parameter.name, kernel);
    if (value !== undefined) values[parameter.name] = value;
  }
  return { ...module, parameters: values };
}

function parameterValue(module: string, parameter: string, kernel: KernelLocation): string | undefined {
  try {
    return readKernelText(kernelPath(kernel, `sys/module/${module}/parameters/${parameter}`))?.text.trimEnd();
  } catch (error) {
    // Some may only be written, or only root may read them.
    if (hasCode(error, 'ERR_KMOD_PROC')) return undefined;
    throw error;
  }
}

/** Of longer lists this many are shown. */
const SHORT = 6;

function moduleText(module: ShownModule, paint: Paint, isWhole: boolean): string {
  const { softDependencies, signature, vermagic } = module;
  const list = (values: readonly string[], separator = ' '): string =>
    isWhole || values.length <= SHORT + 1
      ? values.join(separator)
      : `${values.slice(0, SHORT).join(separator)}${separator}… ${values.length - SHORT} more (--all)`;
  const lines: readonly (readonly [string, string])[] = [
    ['file', module.filename ?? (module.builtin ? 'part of the kernel' : 'none')],
    ['state', stateText(module.loaded, module.builtin, paint)],
    ['license', module.license ?? ''],
    ['version', module.version ?? ''],
    ['authors', list(module.authors, ', ')],
    ['for', vermagic === null ? '' : `${vermagic.release} (${vermagic.flags.join(' ')})`],
    ['needs', list(module.dependencies)],
    ['wants', [...softDependencies.pre, ...softDependencies.post].join(' ')],
    ['may want', module.weakDependencies.join(' ')],
    ['firmware', list(module.firmware)],
    ['signed', signature === null ? 'no' : (signature.problem ?? `by ${signature.signer ?? signature.key}`)],
    ['aliases', list(module.aliases)],
  ];
  const heading = `${paint.bold(module.name)}${module.description === null ? '' : `: ${module.description}`}\n`;
  const facts = lines.filter(([, value]) => value !== '');
  return [
    heading,
    ...facts.map(([label, value]) => `  ${paint.dim(label.padEnd(9))} ${value}\n`),
    ...module.parameters.map((parameter) => parameterText(parameter, module.loaded, paint)),
    module.versions === undefined ? '' : versionText(module.versions),
  ].join('');
}

function versionText(versions: Pick<ModuleVersions, 'needs' | 'exports'>): string {
  return versionTables(versions).replaceAll(/^(?=.)/gm, '  ');
}

function stateText(loaded: LoadedState | null, isBuiltin: boolean, paint: Paint): string {
  if (loaded === null) return isBuiltin ? 'in the kernel' : 'not loaded';
  const users = loaded.users.length === 0 ? '' : `, used by ${loaded.users.join(' ')}`;
  const uses =
    loaded.refcount === null ? '' : `, ${loaded.refcount} ${loaded.refcount === 1 ? 'use' : 'uses'}`;
  return `${paint.good(loaded.state === 'live' ? 'loaded' : loaded.state)}, ${loaded.size} bytes${uses}${users}`;
}

function parameterText(
  { name, type, array, description }: ModuleParameter,
  loaded: LoadedState | null,
  paint: Paint,
): string {
  const value = loaded?.parameters[name];
  const assignment = value === undefined ? name : `${name}=${value}`;
  const kind = type === null ? '' : ` (${array ? 'array of ' : ''}${type})`;
  const text = description === null ? '' : `: ${description.replaceAll('\n', '\n    ')}`;
  return `  ${paint.dim('parameter')} ${paint.bold(assignment)}${kind}${text}\n`;
}
