import type { GraphEdge, GraphNode, ModuleGraph } from './module-graph.ts';

/** A graph in the language of Graphviz. */
export function graphDot({ name, nodes, edges }: ModuleGraph): string {
  return [
    `digraph ${name} {`,
    '  node [shape=box, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize="10"];',
    ...nodes.map((node) => `  ${quoted(node.id)} [${attributes(nodeAttributes(node))}];`),
    ...edges.map(
      ({ from, to, kind }) => `  ${quoted(from)} -> ${quoted(to)} [${attributes(edgeStyles[kind])}];`,
    ),
    '}',
    '',
  ].join('\n');
}

const nodeStyles: Readonly<Record<GraphNode['kind'], Readonly<Record<string, string>>>> = {
  name: { shape: 'plaintext' },
  act: {},
  present: { color: 'gray40', fontcolor: 'gray40' },
  blocked: { color: 'red', fontcolor: 'red', style: 'bold' },
  left: { color: 'gray60', fontcolor: 'gray60', style: 'dotted' },
};

const edgeStyles: Readonly<Record<GraphEdge['kind'], Readonly<Record<string, string>>>> = {
  alias: { label: 'alias', style: 'bold' },
  dependency: {},
  'softdep-pre': { label: 'softdep pre', style: 'dashed' },
  'softdep-post': { label: 'softdep post', style: 'dashed' },
  weakdep: { label: 'weakdep', style: 'dotted' },
  holder: { label: 'uses' },
  above: { label: 'above', style: 'dashed' },
  below: { label: 'below', style: 'dashed' },
};

function nodeAttributes({ lines, kind, required }: GraphNode): Readonly<Record<string, string>> {
  const style = nodeStyles[kind];
  return {
    label: lines.join('\n').replaceAll('&', '&amp;'),
    ...(!required && kind === 'act' && { style: 'dashed' }),
    ...style,
  };
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(', ');
}

function quoted(text: string): string {
  const escaped = printable(text)
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`);
  return `"${escaped.replaceAll('\n', String.raw`\n`)}"`;
}

/** Without control characters, apart from newlines, and halves of characters: XML has no way to write them. */
function printable(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\p{Cs}]/gu, '\ufffd');
}
