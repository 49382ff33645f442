// SPDX-License-Identifier: GPL-2.0
/* Its init asks for a firmware file that nobody has. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/firmware.h>
#include <linux/module.h>

#define KMODCTL_FIRMWARE "kmodctl/nobody-has.bin"

static int __init kmodctl_firmware_init(void)
{
	const struct firmware *firmware;
	struct device *device = root_device_register("kmodctl_firmware");
	int result;

	if (IS_ERR(device))
		return PTR_ERR(device);
	result = request_firmware(&firmware, KMODCTL_FIRMWARE, device);
	if (result == 0)
		release_firmware(firmware);
	root_device_unregister(device);
	return result;
}

static void __exit kmodctl_firmware_exit(void)
{
}

module_init(kmodctl_firmware_init);
module_exit(kmodctl_firmware_exit);
MODULE_LICENSE("GPL");
MODULE_FIRMWARE(KMODCTL_FIRMWARE);
MODULE_DESCRIPTION("Test module: wants firmware");
