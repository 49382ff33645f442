import { textOfBytes } from './modinfo-section.ts';
import type { ParameterText } from './parameter-list.ts';

/** The types of parameters that the kernel itself has; a module may name others of its own. */
export const kernelParameterTypes = [
  'byte',
  'short',
  'ushort',
  'int',
  'uint',
  'long',
  'ulong',
  'ullong',
  'hexint',
  'charp',
  'string',
  'bool',
  'bint',
  'invbool',
] as const;

/** One of the kernel's own types of parameters. */
export type KernelParameterType = (typeof kernelParameterTypes)[number];

/** A parameter of a module. */
export interface ModuleParameter {
  readonly name: string;
  /**
   * One of the kernel's types, or a name that the module made up for a type of its own. Of an array the type of its
   * elements. Null when the module does not tell.
   */
  readonly type: KernelParameterType | (string & {}) | null;
  /** Whether it takes several values with commas between them. */
  readonly array: boolean;
  /** Null when the module has none. */
  readonly description: string | null;
}

const ARRAY = 'array of ';

/** A parameter's entries with the type taken apart. */
export function typedParameter({ name, description, type }: ParameterText): ModuleParameter {
  const array = type?.startsWith(ARRAY) ?? false;
  const element = array ? type?.slice(ARRAY.length) : type;
  return {
    name: textOfBytes(name),
    type: element === undefined ? null : textOfBytes(element),
    array,
    description: description === undefined ? null : textOfBytes(description),
  };
}
