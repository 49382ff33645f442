// SPDX-License-Identifier: GPL-2.0
/* A character device /dev/kmodctl_device, open to all: each open one counts as a use of the module, by its owner. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

static int device_open(struct inode *inode, struct file *file)
{
	return 0;
}

static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
	.open = device_open,
};

static struct miscdevice device_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kmodctl_device",
	.fops = &device_operations,
	.mode = 0666,
};

module_misc_device(device_misc);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: a device that can be open");
