import {
  deleteModule,
  deleteModuleSync,
  finitModule,
  finitModuleSync,
  initModule,
  initModuleSync,
  type ModuleCalls,
} from './module-calls.ts';

/** The real calls as a {@link ModuleCalls} object. In a file of its own: the calls are in a part of modprobe's bundle that a dry run does not read. */
export const moduleCalls: ModuleCalls = {
  initModule,
  initModuleSync,
  finitModule,
  finitModuleSync,
  deleteModule,
  deleteModuleSync,
};
