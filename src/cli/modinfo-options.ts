import { type OptionName, parseArguments, type ParseOptions } from './getopt-long.ts';

/** What the options of modinfo mean. */
type OptionId =
  | 'author'
  | 'description'
  | 'license'
  | 'parameters'
  | 'filename'
  | 'null'
  | 'modname'
  | 'field'
  | 'set-version'
  | 'basedir'
  | 'version'
  | 'help'
  | 'json'
  | 'records'
  | 'versions'
  | 'classic';

/**
 * kmod's in their order, which shows where a shortened name is ambiguous; then our own, whose first letters no option
 * of kmod's has, so that all of its shortened names stay what they are.
 */
export const modinfoOptionNames: readonly OptionName<OptionId>[] = [
  { long: 'author', short: 'a', id: 'author' },
  { long: 'description', short: 'd', id: 'description' },
  { long: 'license', short: 'l', id: 'license' },
  { long: 'parameters', short: 'p', id: 'parameters' },
  { long: 'filename', short: 'n', id: 'filename' },
  { long: 'null', short: '0', id: 'null' },
  { long: 'modname', short: 'm', id: 'modname' },
  { long: 'field', short: 'F', id: 'field', takesValue: true },
  { long: 'set-version', short: 'k', id: 'set-version', takesValue: true },
  { long: 'basedir', short: 'b', id: 'basedir', takesValue: true },
  { long: 'version', short: 'V', id: 'version' },
  { long: 'help', short: 'h', id: 'help' },
  { long: 'json', id: 'json', isExact: true },
  { long: 'records', id: 'records', isExact: true },
  { long: 'versions', id: 'versions', isExact: true },
  { long: 'classic', id: 'classic', isExact: true },
];

/** Options that name a field. */
const fieldOptions: Readonly<Partial<Record<OptionId, string>>> = {
  author: 'author',
  description: 'description',
  license: 'license',
  parameters: 'parm',
  filename: 'filename',
};

/** In what form modules are shown. */
export type ModinfoForm = 'text' | 'json' | 'records' | 'versions' | 'classic';

/** A modinfo command line, understood. */
export interface ModinfoArguments {
  readonly form: ModinfoForm;
  /** The one field to show. */
  readonly field: string | undefined;
  /** Ends a line of the text form. */
  readonly separator: '\n' | '\0';
  /** Whether the operands are names only, neither files nor aliases. */
  readonly byName: boolean;
  readonly release: string | undefined;
  readonly basedir: string | undefined;
  readonly operands: readonly string[];
}

/** What a modinfo command line asks for. */
export type ModinfoRequest =
  | { readonly kind: 'run'; readonly arguments: ModinfoArguments }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'mistake' | 'refusal'; readonly text: string };

/** Reads the command line of modinfo. The first of help, version and a mistake decides, as with kmod. */
export function readModinfoArguments(argv: readonly string[], how: ParseOptions = {}): ModinfoRequest {
  const { options, operands, mistake } = parseArguments(argv, modinfoOptionNames, how);
  const end = options.find(({ id }) => id === 'help' || id === 'version');
  if (end !== undefined) return { kind: end.id === 'help' ? 'help' : 'version' };
  if (mistake !== undefined) return { kind: 'mistake', text: mistake };
  const has = (wanted: OptionId): boolean => options.some(({ id }) => id === wanted);
  const value = (wanted: OptionId): string | undefined => options.findLast(({ id }) => id === wanted)?.value;
  // The last option that names a field wins.
  const field = options
    .map((option) => (option.id === 'field' ? option.value : fieldOptions[option.id]))
    .findLast((name) => name !== undefined);
  if (has('classic') && !has('versions'))
    return { kind: 'refusal', text: '--classic is a form of --versions.' };
  const forms = (['json', 'records', 'versions'] as const).filter(has);
  const [form = 'text'] = forms;
  if (form !== 'text' && (field !== undefined || has('null') || forms.length > 1))
    return {
      kind: 'refusal',
      text: `--${form} shows all in its own form; it goes with no option for fields or form.`,
    };
  if (operands.length === 0) return { kind: 'refusal', text: 'missing module or filename.' };
  return {
    kind: 'run',
    arguments: {
      form: has('classic') ? 'classic' : form,
      field,
      separator: has('null') ? '\0' : '\n',
      byName: has('modname'),
      release: value('set-version'),
      basedir: value('basedir'),
      operands,
    },
  };
}
