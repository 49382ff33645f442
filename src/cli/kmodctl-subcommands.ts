import { auditSubcommand } from './kmodctl-audit.ts';
import { configSubcommand } from './kmodctl-config.ts';
import { graphSubcommand } from './kmodctl-graph.ts';
import { helperSubcommand } from './kmodctl-helper.ts';
import { doctorSubcommand } from './kmodctl-doctor.ts';
import { infoSubcommand } from './kmodctl-info.ts';
import { listSubcommand } from './kmodctl-list.ts';
import { loadSubcommand } from './kmodctl-load.ts';
import type { Subcommand } from './kmodctl-options.ts';
import { planSubcommand } from './kmodctl-plan.ts';
import { staticNodesSubcommand } from './kmodctl-static-nodes.ts';
import { treeSubcommand } from './kmodctl-tree.ts';
import { unloadSubcommand } from './kmodctl-unload.ts';
import { whySubcommand } from './kmodctl-why.ts';
import { watchSubcommand } from './kmodctl-watch.ts';

/** kmodctl's own commands, in the order of the help text. */
export const subcommands: Readonly<Record<string, Subcommand>> = {
  load: loadSubcommand,
  unload: unloadSubcommand,
  list: listSubcommand,
  tree: treeSubcommand,
  graph: graphSubcommand,
  info: infoSubcommand,
  plan: planSubcommand,
  doctor: doctorSubcommand,
  why: whySubcommand,
  watch: watchSubcommand,
  config: configSubcommand,
  helper: helperSubcommand,
  audit: auditSubcommand,
  'static-nodes': staticNodesSubcommand,
};
