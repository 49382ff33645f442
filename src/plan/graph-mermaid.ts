import type { GraphEdge, GraphNode, ModuleGraph } from './module-graph.ts';

/** A graph in the language of Mermaid. */
export function graphMermaid({ nodes, edges }: ModuleGraph): string {
  const names = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const nameOf = (id: string): string => names.get(id) ?? '';
  return [
    'flowchart TD',
    ...nodes.map((node) => `  ${nameOf(node.id)}${nodeText(node)}:::${classOf(node)}`),
    ...edges.map(({ from, to, kind }) => `  ${nameOf(from)} ${edgeArrows[kind]} ${nameOf(to)}`),
    '  classDef name stroke-width:0,fill:none',
    '  classDef act stroke:#333',
    '  classDef optional stroke:#333,stroke-dasharray:5 3',
    '  classDef present stroke:#888,color:#888',
    '  classDef blocked stroke:#c00,color:#c00,stroke-width:2px',
    '  classDef left stroke:#aaa,color:#aaa,stroke-dasharray:2 3',
    '',
  ].join('\n');
}

const edgeArrows: Readonly<Record<GraphEdge['kind'], string>> = {
  alias: '==>|"alias"|',
  dependency: '-->',
  'softdep-pre': '-.->|"softdep pre"|',
  'softdep-post': '-.->|"softdep post"|',
  weakdep: '-.->|"weakdep"|',
  holder: '-->|"uses"|',
  above: '-.->|"above"|',
  below: '-.->|"below"|',
};

function classOf({ kind, required }: GraphNode): string {
  return kind === 'act' && !required ? 'optional' : kind;
}

function nodeText({ lines }: GraphNode): string {
  return `["${lines.map(escaped).join('<br/>')}"]`;
}

/** Letters, digits and a few harmless signs stay; all else becomes a number that Mermaid shows as the character. */
function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} _.,:=/+-]/gu, entity);
}

function entity(character: string): string {
  // Control characters and halves of characters cannot be shown.
  const code = /[\p{Cc}\p{Cs}]/u.test(character) ? 0xfffd : character.codePointAt(0);
  return `#${code};`;
}
