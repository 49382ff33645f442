import { KmodError } from '../errors/kmod-error.ts';
import { PlanFailure } from '../execute/plan-failure.ts';
import { insertFailureText } from './insert-failure.ts';
import { hasCode, refusalText } from './refusal-text.ts';

/** What was to be loaded when an error came. */
export interface LoadSubject {
  readonly asked: string;
  /** Folder of modules of the release. */
  readonly directory: string;
  /** The modules that the name stands for; asked for only where the error is about one of them. */
  readonly modules: () => readonly string[];
}

/** What modprobe says where loading fails; undefined for errors that it does not come to. */
export function loadSentence(error: unknown, { asked, directory, modules }: LoadSubject): string | undefined {
  if (!(error instanceof KmodError) || error.code === 'ERR_KMOD_ABORTED') return undefined;
  if (error instanceof PlanFailure) {
    const names = modules();
    const module = names.find((name) => name === error.module) ?? names[0] ?? asked;
    return `could not insert '${module}': ${insertFailureText(error, true)}`;
  }
  if (hasCode(error, 'ERR_KMOD_NOT_FOUND', 'ERR_KMOD_INDEX_MISSING'))
    return `Module ${asked} not found in directory ${directory}`;
  if (hasCode(error, 'ERR_KMOD_MODULE_FILE'))
    return `Failed to get module from path ${asked}: ${refusalText(error)}`;
  return undefined;
}

/** What rmmod says where unloading fails; undefined for errors that it does not come to. */
export function unloadSentence(error: unknown): string | undefined {
  if (!(error instanceof PlanFailure)) return undefined;
  const { module, holders } = error;
  switch (error.code) {
    case 'ERR_KMOD_BUILTIN':
      return `Module ${module} is builtin.`;
    case 'ERR_KMOD_NOT_LOADED':
      return `Module ${module} is not currently loaded`;
    case 'ERR_KMOD_IN_USE':
      return holders.length > 0
        ? `Module ${module} is in use by: ${holders.join(' ')}`
        : `Module ${module} is in use`;
    case 'ERR_KMOD_NO_UNLOAD_SUPPORT':
      return 'Module unloading is not supported';
    default:
      return hasCode(error, 'ERR_KMOD_UNLOAD_FAILED') && error.errno !== undefined
        ? `could not remove '${module}': ${refusalText(error)}`
        : undefined;
  }
}
