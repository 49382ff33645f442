import type { LintFinding, ModuleFacts } from '../lint-finding.ts';
import { originText } from './conf-origin.ts';
import { convertModulesConf } from './convert.ts';
import type { ListRecord, ModulesConfiguration } from './model.ts';
import { comparedName } from './modprobe-words.ts';
import { NameTable } from './name-table.ts';

/** Warnings of a conversion that are about the file itself. */
const ownMistakes: ReadonlySet<string> = new Set([
  'alias-loop',
  'alias-off-in-list',
  'command-never-run',
  'command-suspicious',
  'device-name',
  'name-collision',
  'nobody-asks',
  'option-dropped',
]);

/**
 * What in a modules.conf is wrong or probably not meant.
 *
 * @param facts of the kernel that it is for; without them nothing is said about the names of modules
 */
export function lintModulesConf(model: ModulesConfiguration, facts?: ModuleFacts): readonly LintFinding[] {
  const findings: readonly LintFinding[] = [
    ...model.diagnostics.map(({ file, firstLine, code, severity, text, remedy }) => ({
      file,
      line: firstLine,
      code,
      severity,
      text,
      remedy,
    })),
    ...convertModulesConf(model)
      .warnings.filter(({ code }) => ownMistakes.has(code))
      .map(({ file, firstLine, code, text, remedy }) => ({
        file,
        line: firstLine,
        code,
        severity: 'warning' as const,
        text,
        remedy,
      })),
    ...overruledLines(model),
    ...(facts === undefined ? [] : unknownModules(model, facts)),
  ];
  const place = ({ file }: LintFinding): number => model.files.indexOf(file);
  return findings.toSorted((a, b) => place(a) - place(b) || (a.line ?? 0) - (b.line ?? 0));
}

/** Lines whose words are gone, because a later one replaces them. */
function overruledLines(model: ModulesConfiguration): readonly LintFinding[] {
  const tables: Readonly<Record<string, readonly ListRecord[]>> = {
    alias: model.aliases,
    options: model.options,
    above: model.above,
    below: model.below,
    probe: model.probe,
    probeall: model.probeall,
  };
  return model.lines.flatMap(({ directive, name, origin, isActive }) => {
    const record = tables[directive]?.find((each) => each.name === name);
    const winner = record?.origins[0];
    if (!isActive || record === undefined || winner === undefined) return [];
    if (record.origins.some(({ file, line }) => file === origin.file && line === origin.line)) return [];
    return {
      file: origin.file,
      line: origin.firstLine,
      code: 'overruled-line',
      severity: 'warning' as const,
      text: `${directive} ${name} is replaced by ${originText(winner)}`,
      remedy:
        directive === 'alias'
          ? 'Remove one of the two lines.'
          : `Remove the line, or write "add ${directive}" in the later one.`,
    };
  });
}

/** Aliases and lists that lead to no module. */
function unknownModules(model: ModulesConfiguration, facts: ModuleFacts): readonly LintFinding[] {
  const table = new NameTable(model, { includesBuiltIn: true });
  const isKnown = (name: string): boolean => {
    const { names, end } = table.chain(name);
    if (end !== 'module') return true;
    const last = names.at(-1) ?? name;
    const compared = comparedName(last);
    return table.isActive(last) || facts.hasModule(compared) || facts.isAlias(compared);
  };
  const lists = [model.aliases, model.above, model.below, model.probe, model.probeall];
  return lists.flatMap((records) =>
    records.flatMap(({ name, words, origins }) => {
      const origin = origins.at(-1);
      const targets = records === model.aliases ? words.slice(0, 1) : words;
      const unknown = targets.filter((word) => word !== 'off' && word !== 'null' && !isKnown(word));
      if (origin === undefined || unknown.length === 0) return [];
      return {
        file: origin.file,
        line: origin.firstLine,
        code: 'unknown-module',
        severity: 'warning' as const,
        text: `${name}: there is no module ${unknown.join(', ')}`,
        remedy: 'Correct the name, or remove it if no kernel has the module.',
      };
    }),
  );
}
