// SPDX-License-Identifier: GPL-2.0
/*
 * Uses itself, so that it is busy without another module as its holder: from the start with held=1, or when /sys says so.
 * With release_ms it lets go by itself that long after its init.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

static bool held;
static unsigned int release_ms;
static void kmodctl_hold_release(struct work_struct *work);
static DECLARE_DELAYED_WORK(kmodctl_hold_work, kmodctl_hold_release);

static int kmodctl_hold_set(const char *text, const struct kernel_param *parameter)
{
	bool before = held;
	int result = param_set_bool(text, parameter);

	if (result)
		return result;
	if (held && !before)
		__module_get(THIS_MODULE);
	if (before && !held)
		module_put(THIS_MODULE);
	return 0;
}

static const struct kernel_param_ops kmodctl_hold_ops = {
	.set = kmodctl_hold_set,
	.get = param_get_bool,
};
module_param_cb(held, &kmodctl_hold_ops, &held, 0644);
module_param(release_ms, uint, 0444);

static void kmodctl_hold_release(struct work_struct *work)
{
	if (!held)
		return;
	held = false;
	module_put(THIS_MODULE);
}

static int __init kmodctl_hold_init(void)
{
	if (release_ms)
		schedule_delayed_work(&kmodctl_hold_work, msecs_to_jiffies(release_ms));
	return 0;
}

static void __exit kmodctl_hold_exit(void)
{
	cancel_delayed_work_sync(&kmodctl_hold_work);
}

module_init(kmodctl_hold_init);
module_exit(kmodctl_hold_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: busy by itself");
