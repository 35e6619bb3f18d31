/* SPDX-License-Identifier: Apache-2.0 */
#include "image/fat-name.h"

#include <errno.h>
#include <string.h>

int fat_check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (name[i] < ' ' || name[i] > '~')
			return error_set(err, -EINVAL,
					 "a name with other than printable ASCII characters is not "
					 "safe on a FAT");
		if (strchr("\"*/:<>?\\|[]", name[i]))
			return error_set(err, -EINVAL, "a name with '%c' is not safe on a FAT",
					 name[i]);
	}

	if (len == 0 || len > 255 || strchr(". ", name[len - 1]) || name[0] == ' ')
		return error_set(err, -EINVAL, "this name is not safe on a FAT");
	return 0;
}
