/**
 * The kernels whose trees are compared with kmod: those of `npm test`, or all with `npm run test:matrix`, which sets the
 * variable.
 */
export const testKernels: readonly string[] = (process.env['KMODCTL_TEST_KERNELS'] ?? '6.1,6.12').split(',');
