/** Constants of the old calls, and what stands for them in today's kernels. */
import type { ModuleState } from '../loaded-module.ts';

/** Longest name of a module of 1995, with its NUL, in bytes. */
export const MOD_MAX_NAME = 64;
/** Longest name of a symbol in struct kernel_sym, with its NUL, in bytes: longer ones are cut. */
export const SYM_MAX_NAME = 60;
/** Longest name of a module today, with its NUL, in bytes: 64 less an unsigned long. */
export const MODULE_NAME_LEN = process.arch === 'ia32' || process.arch === 'arm' ? 60 : 56;
/** Longest name of a symbol today, with its NUL, in bytes; 128 before Linux 6.1. */
export const KSYM_NAME_LEN = 512;

/** State of 1995: created, and its init has not returned. As a flag of 2.4: no flag at all. */
export const MOD_UNINITIALIZED = 0;
/** State of 1995, flag of 2.2 and 2.4: in use, its init has succeeded. */
export const MOD_RUNNING = 1;
/** State of 1995, flag of 2.2 and 2.4: its cleanup has begun. */
export const MOD_DELETED = 2;
/** Flag of 2.2 and 2.4: may be unloaded when it was idle for a while. */
export const MOD_AUTOCLEAN = 4;
/** Flag of 2.2 and 2.4: used since the last pass of autoclean. */
export const MOD_VISITED = 8;
/** Flag of 2.2 and 2.4: used since it was loaded. */
export const MOD_USED_ONCE = 16;
/** Flag of 2.2 and 2.4: its last use has just ended. */
export const MOD_JUST_FREED = 32;
/** Flag of 2.4: its init runs. */
export const MOD_INITIALIZING = 64;

/** Marks that the tools of 1.3 and 2.0 put into the use count: may be unloaded by itself. */
export const USE_COUNT_AUTOCLEAN = 0x4000_0000;
/** Marks that the tools of 1.3 and 2.0 put into the use count: used since the last pass. */
export const USE_COUNT_VISITED = 0x2000_0000;

const states: Readonly<Record<ModuleState, number>> = {
  coming: MOD_UNINITIALIZED,
  live: MOD_RUNNING,
  going: MOD_DELETED,
};

/** The state of 1995 for one of today: coming is MOD_UNINITIALIZED, live MOD_RUNNING, going MOD_DELETED. */
export function modStateOf(state: ModuleState): number {
  return states[state];
}

/** Today's state for one of 1995. Undefined for another number. */
export function moduleStateOf(modState: number): ModuleState | undefined {
  return (Object.keys(states) as ModuleState[]).find((state) => states[state] === modState);
}

/** The flags of 2.4 that a state of today stands for: while an init runs that is MOD_INITIALIZING. */
export function moduleFlagsOf(state: ModuleState): number {
  return state === 'coming' ? MOD_INITIALIZING : states[state];
}
