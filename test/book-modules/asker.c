// SPDX-License-Identifier: GPL-2.0
/*
 * A device, /dev/asker: what is written to it is asked for as a module, whatever bytes it is made of, and the result can
 * be read. It is in use while somebody has it open.
 */
#include <linux/fs.h>
#include <linux/kmod.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>

#include "book.h"

#define LONGEST 255

static int asker_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static ssize_t asker_write(struct file *file, const char __user *from, size_t size, loff_t *place)
{
	char *name;

	if (size == 0 || size > LONGEST)
		return -EINVAL;
	name = memdup_user_nul(from, size);
	if (IS_ERR(name))
		return PTR_ERR(name);
	/* Never as the format itself: it may have a % in it. */
	file->private_data = (void *)(long)request_module("%s", name);
	kfree(name);
	return size;
}

static ssize_t asker_read(struct file *file, char __user *to, size_t size, loff_t *place)
{
	char text[24];
	int length = scnprintf(text, sizeof(text), "%li\n", (long)file->private_data);

	return simple_read_from_buffer(to, size, place, text, length);
}

static const struct file_operations asker_operations = {
	.owner = THIS_MODULE,
	.open = asker_open,
	.write = asker_write,
	.read = asker_read,
};

static struct miscdevice asker_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "asker",
	.fops = &asker_operations,
};

module_misc_device(asker_device);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module: asks for any module");
