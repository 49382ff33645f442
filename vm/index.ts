/** `kmodctl/vm`: guests with real kernels, for tests of modules and of what loads them. */
export { buildTestModules } from './kernels/test-modules.ts';
export type { Kernel } from './kernels/kernel.ts';
export { resolveKernel } from './kernels/resolve-kernel.ts';
export { type Accelerator, type AcceleratorChoice, chooseAccelerator } from './qemu/accelerator.ts';
export { startVm, type StartVmOptions, type VmTimeouts } from './start-vm.ts';
export type { RunOptions, RunResult, VirtualMachine, VmFacts } from './virtual-machine.ts';
export { VmError, type VmErrorCode, vmErrorCodes, type VmErrorDetails } from './vm-error.ts';
