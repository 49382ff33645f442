import { nearestName } from '../errors/argument.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import { type LintFinding, type ModuleFacts, parameterNames } from './lint-finding.ts';
import type { CommandRecord, ModprobeConfiguration } from './modprobe-configuration.ts';

/**
 * What in the configuration of modprobe is probably not meant.
 *
 * @param facts of the kernel that it is for; without them nothing is said about names and parameters
 */
export function lintModprobeConfiguration(
  configuration: ModprobeConfiguration,
  facts?: ModuleFacts,
): readonly LintFinding[] {
  const findings = [
    ...problemFindings(configuration),
    ...hiddenFindings(configuration),
    ...aliasFindings(configuration, facts),
    ...optionFindings(configuration, facts),
    ...blacklistFindings(configuration, facts),
    ...commandFindings('install', configuration.install, facts),
    ...commandFindings('remove', configuration.remove, facts),
    ...softDependencyFindings(configuration, facts),
  ];
  const place = ({ file }: LintFinding): number => {
    const index = configuration.files.indexOf(file);
    return index === -1 ? configuration.files.length : index;
  };
  return findings.toSorted((a, b) => place(a) - place(b) || (a.line ?? 0) - (b.line ?? 0));
}

const isPattern = (name: string): boolean => /[*?[]/.test(name);

/** The tree's own files are not the user's to mend. */
const isOwn = ({ file }: TextOrigin): boolean => !/(?:^|\/)modules\.(?:softdep|weakdep)$/.test(file);

function at(
  { file, line }: TextOrigin,
  finding: Omit<LintFinding, 'file' | 'line' | 'severity'> & Partial<Pick<LintFinding, 'severity'>>,
): LintFinding {
  return { file, line, severity: 'warning', ...finding };
}

function problemFindings({ problems }: ModprobeConfiguration): readonly LintFinding[] {
  return problems.map(({ file, line, code, priority, text, remedy }) => {
    const severity = priority === 'error' ? 'error' : 'warning';
    return { file, line, code, severity, text, remedy };
  });
}

function hiddenFindings({ hidden }: ModprobeConfiguration): readonly LintFinding[] {
  return hidden.map(({ path, by }) => ({
    file: path,
    line: null,
    code: 'hidden-file',
    severity: 'warning',
    text: `it is not read: ${by} has the same name and hides it`,
    remedy: 'Give one of the two another name, unless it is meant.',
  }));
}

function aliasFindings({ aliases }: ModprobeConfiguration, facts?: ModuleFacts): readonly LintFinding[] {
  return aliases.flatMap(({ pattern, module, origin }) => {
    if (module === 'off' || module === 'null')
      return at(origin, {
        code: 'alias-off',
        severity: 'error',
        text: `${module} is no module: loading ${pattern} fails`,
        remedy: `Write "install ${pattern} /bin/true", or "blacklist ${pattern}" if it is a module.`,
      });
    const next = aliases.find((other) => other.pattern === module && other.module !== module);
    if (next !== undefined)
      return at(origin, {
        code: 'alias-of-alias',
        text: `${module} is an alias itself, which is not followed any further`,
        remedy: `Write "alias ${pattern} ${next.module}".`,
      });
    if (facts === undefined || facts.hasModule(module)) return [];
    return at(origin, {
      code: 'dead-alias',
      text: `there is no module ${module}, so ${pattern} leads nowhere`,
      remedy: 'Remove the line, or correct the name of the module.',
    });
  });
}

function isKnown(name: string, { aliases }: ModprobeConfiguration, facts: ModuleFacts): boolean {
  return facts.hasModule(name) || facts.isAlias(name) || aliases.some(({ pattern }) => pattern === name);
}

function unknownModule(directive: string, name: string, origin: TextOrigin): LintFinding {
  return at(origin, {
    code: 'unknown-module',
    text: `${directive} ${name}: there is no module of that name`,
    remedy: 'Correct the name, or remove the line if no kernel has the module.',
  });
}

function optionFindings(configuration: ModprobeConfiguration, facts?: ModuleFacts): readonly LintFinding[] {
  if (facts === undefined) return [];
  return configuration.options.flatMap(({ module, text, origin }) => {
    if (!isKnown(module, configuration, facts))
      return origin.file.endsWith('/cmdline') ? [] : [unknownModule('options', module, origin)];
    const known = facts.parameters(module);
    if (known === undefined) return [];
    const names = known.map((name) => name.replaceAll('-', '_'));
    const unknown = parameterNames(text).filter((name) => name !== 'dyndbg' && !names.includes(name));
    return unknown.map((name) => {
      const nearest = nearestName(name, names);
      const remedy =
        names.length === 0
          ? `${module} has none.`
          : `It has ${names.slice(0, 12).join(', ')}${names.length > 12 ? ' and others' : ''}.`;
      return at(origin, {
        code: 'unknown-parameter',
        text: `${module} has no parameter ${name}: the kernel ignores it`,
        remedy: nearest === undefined ? remedy : `Did you mean ${nearest}?`,
      });
    });
  });
}

function blacklistFindings(
  configuration: ModprobeConfiguration,
  facts?: ModuleFacts,
): readonly LintFinding[] {
  if (facts === undefined) return [];
  return configuration.blacklist.flatMap(({ module, origin }) => {
    if (!facts.hasModule(module)) return unknownModule('blacklist', module, origin);
    const [first, ...others] = facts.dependents(module);
    if (first === undefined) return [];
    const who = others.length === 0 ? first : `${first} and ${others.length} others`;
    return at(origin, {
      code: 'blacklist-needed',
      text: `${module} is loaded nevertheless when ${who} is, which needs it`,
      remedy: `Write "install ${module} /bin/false" if it must never be loaded; what needs it then fails.`,
    });
  });
}

function commandFindings(
  directive: 'install' | 'remove',
  records: readonly CommandRecord[],
  facts?: ModuleFacts,
): readonly LintFinding[] {
  const first = new Map<string, TextOrigin>();
  return records.flatMap(({ module, command, origin }) => {
    const findings: LintFinding[] = [];
    const winner = first.get(module);
    if (winner !== undefined)
      findings.push(
        at(origin, {
          code: 'overruled-command',
          text: `${directive} ${module}: ${winner.file}:${winner.line} comes first, and only that one is run`,
          remedy: 'Remove one of the two lines.',
        }),
      );
    first.set(module, winner ?? origin);
    if (
      directive === 'install' &&
      /^\s*(?:\/usr)?(?:\/bin\/)?(?:true|:)\s*$/.test(command) &&
      facts?.hasModule(module) === true
    )
      findings.push(
        at(origin, {
          code: 'hides-failure',
          text: `${module} is not loaded, and everyone is told that it was`,
          remedy: 'Write /bin/false in place of /bin/true, so that whoever asks gets an error.',
        }),
      );
    const name = module.replaceAll(/\W/g, String.raw`\$&`).replaceAll('_', '[-_]');
    const calls = isPattern(module)
      ? null
      : new RegExp(`\\bmodprobe\\s(?:[^;&|]*\\s)?${name}(?![\\w-])[^;&|]*`).exec(command);
    if (directive === 'install' && calls !== null && !/--ignore-install|\s-\w*i/.test(calls[0]))
      findings.push(
        at(origin, {
          code: 'endless-command',
          severity: 'error',
          text: `the command loads ${module} again, which runs the command again`,
          remedy: 'Write modprobe --ignore-install.',
        }),
      );
    return findings;
  });
}

function softDependencyFindings(
  { softDependencies, install }: ModprobeConfiguration,
  facts?: ModuleFacts,
): readonly LintFinding[] {
  const graph = new Map<string, readonly string[]>();
  for (const { module, pre, post } of softDependencies) {
    const members = [...pre, ...post].map((member) => member.replaceAll('-', '_'));
    graph.set(module, [...(graph.get(module) ?? []), ...members]);
  }
  return softDependencies
    .filter(({ origin }) => isOwn(origin))
    .flatMap(({ module, pre, post, origin }) => {
      const findings: LintFinding[] = [];
      if (facts !== undefined) {
        const unknown = [...(isPattern(module) ? [] : [module]), ...pre, ...post]
          .map((name) => name.replaceAll('-', '_'))
          .filter((name) => !facts.hasModule(name) && !facts.isAlias(name));
        for (const name of unknown) findings.push(unknownModule(`softdep ${module}:`, name, origin));
      }
      if (pre.length + post.length === 0)
        findings.push(
          at(origin, {
            code: 'empty-softdep',
            text: `softdep ${module} names nothing to load`,
            remedy: 'Write "pre:" or "post:" in front of the modules.',
          }),
        );
      if (install.some((record) => record.module === module))
        findings.push(
          at(origin, {
            code: 'softdep-and-install',
            text: `${module} has an install command as well, which kmod does not run then`,
            remedy: 'Load what is needed in the command, and remove this line.',
          }),
        );
      const path = pathBack(module, graph);
      if (path !== undefined)
        findings.push(
          at(origin, {
            code: 'softdep-cycle',
            text: `soft dependencies lead back to where they began: ${path.join(' → ')}`,
            remedy: 'Remove one of these lines.',
          }),
        );
      return findings;
    });
}

/** A way from a name back to itself. */
function pathBack(
  start: string,
  graph: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const from = new Map<string, string>();
  const queue = [start];
  for (const name of queue)
    for (const next of graph.get(name) ?? []) {
      if (next === start) return [...wayTo(name, start, from), start];
      if (from.has(next)) continue;
      from.set(next, name);
      queue.push(next);
    }
  return undefined;
}

function wayTo(name: string, start: string, from: ReadonlyMap<string, string>): readonly string[] {
  const way = [name];
  for (let here = name; here !== start;) {
    here = from.get(here) ?? start;
    way.unshift(here);
  }
  return way;
}
