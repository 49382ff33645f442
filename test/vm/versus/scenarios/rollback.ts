import type { Theme } from '../scenario.ts';

/** Loads that fail half-way. kmod leaves what it has loaded by then. */
export const rollback: Theme = {
  name: 'failed loads',
  scenarios: [
    {
      title: 'behind a chain',
      lines: ['modprobe kmodctl_fail_user'],
      difference: { because: 'a failed load changes nothing', ours: [{ exitCode: 1, loaded: [] }] },
    },
    {
      title: 'behind a chain of which a part was loaded',
      lines: ['modprobe kmodctl_chain_c', 'modprobe -v kmodctl_fail_user'],
      difference: {
        because: 'a failed load changes nothing',
        ours: [{}, { exitCode: 1, loaded: ['kmodctl_chain_c', 'kmodctl_chain_d'] }],
      },
    },
    {
      title: 'with parameters that are wrong',
      lines: ['modprobe kmodctl_chain_a nothing=1', 'modprobe kmodctl_fail_user result=many'],
      difference: {
        because: 'a failed load changes nothing',
        ours: [
          { exitCode: 0 },
          {
            exitCode: 1,
            loaded: ['kmodctl_chain_a', 'kmodctl_chain_b', 'kmodctl_chain_c', 'kmodctl_chain_d'],
          },
        ],
      },
    },
    {
      title: 'one of several with -a',
      lines: ['modprobe -a kmodctl_leaf_a kmodctl_fail_user kmodctl_leaf_b'],
      difference: {
        because: 'a failed load changes nothing',
        ours: [{ exitCode: 1, loaded: ['kmodctl_leaf_b', 'kmodctl_leaf_a'] }],
      },
    },
  ],
};
