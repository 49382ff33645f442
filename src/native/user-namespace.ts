/** Number of the user namespace that a system starts with: the same on all kernels since 3.8 (PROC_USER_INIT_INO). */
export const INITIAL_USER_NAMESPACE = 0xeffffffd;
