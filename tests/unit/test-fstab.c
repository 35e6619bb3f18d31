/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/fstab.h"

#include "test.h"
#include "util/alloc.h"

static void replaces_the_disk(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "as it comes",
		  "proc            /proc           proc    defaults          0       0\n"
		  "PARTUUID=1a2b3c4d-01  /boot/firmware  vfat    defaults          0       2\n"
		  "PARTUUID=1a2b3c4d-02  /               ext4    defaults,noatime  0       1\n",
		  "proc            /proc           proc    defaults          0       0\n"
		  "PARTUUID=00c0ffee-01  /boot/firmware  vfat    defaults          0       2\n"
		  "PARTUUID=00c0ffee-02  /               ext4    defaults,noatime  0       1\n" },
		{ "upper case", "PARTUUID=1A2B3C4D-02 / ext4 defaults 0 1\n",
		  "PARTUUID=00c0ffee-02 / ext4 defaults 0 1\n" },
		{ "by path", "/dev/disk/by-partuuid/1a2b3c4d-02 / ext4 defaults\n",
		  "/dev/disk/by-partuuid/00c0ffee-02 / ext4 defaults\n" },
		{ "another disk", "PARTUUID=deadbeef-01 /data ext4 defaults\n",
		  "PARTUUID=deadbeef-01 /data ext4 defaults\n" },
		{ "a longer id", "PARTUUID=1a2b3c4d5-02 / ext4 defaults\n",
		  "PARTUUID=1a2b3c4d5-02 / ext4 defaults\n" },
		{ "comments and blank lines", "# PARTUUID=1a2b3c4d-02 / ext4\n\nx\n",
		  "# PARTUUID=1a2b3c4d-02 / ext4\n\nx\n" },
		{ "swap goes", "/var/swap none swap sw 0 0\nUUID=x none\tswap sw\n# a swap file\n",
		  "# a swap file\n" },
		{ "a mount point named swap", "/dev/sda1 /swap ext4 defaults\n",
		  "/dev/sda1 /swap ext4 defaults\n" },
		{ "no newline at the end", "PARTUUID=1a2b3c4d-02 / ext4", "PARTUUID=00c0ffee-02 / ext4\n" },
		{ "empty", "", "" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *got = NULL, *again = NULL;

		fstab_edit(cases[i].text, "1a2b3c4d", "00c0ffee", &got);
		assert_text(cases[i].name, got, cases[i].want);
		fstab_edit(got, "1a2b3c4d", "00c0ffee", &again);
		assert_text(cases[i].name, again, got);
	}
}

static void finds_mount_points(void **state)
{
	static const char text[] = "# / is below\nproc /proc proc defaults 0 0\nshort line\n"
				   "  PARTUUID=1a2b3c4d-01\t/boot/firmware  vfat defaults 0 2\n"
				   "PARTUUID=1a2b3c4d-02  /  ext4";
	static const struct {
		const char *mount, *device, *type;
	} cases[] = {
		{ "/", "PARTUUID=1a2b3c4d-02", "ext4" },
		{ "/boot/firmware", "PARTUUID=1a2b3c4d-01", "vfat" },
		{ "/boot", NULL, NULL },
	};
	struct fstab_entry entry;

	(void)state;
	TEST_EACH (i, cases) {
		bool found = fstab_find(text, cases[i].mount, &entry);

		assert_case(cases[i].mount, found == (cases[i].device != NULL));
		if (found) {
			assert_case(cases[i].mount, line_is(&entry.device, cases[i].device));
			assert_case(cases[i].mount, line_is(&entry.type, cases[i].type));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_the_disk),
		cmocka_unit_test(finds_mount_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
