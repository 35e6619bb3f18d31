/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever an archive holds, nothing in it leads out of its directory. */
#include "plan/overlay.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOOVERLAY struct overlay overlay = { 0 };
	AUTOBUF struct buf archive = { 0 };

	buf_add(&archive, data, size);
	if (overlay_read(&archive, &overlay, &err) < 0) {
		FUZZ_CHECK(overlay.count == 0);
		return 0;
	}

	for (size_t i = 0; i < overlay.count; i++) {
		AUTOFREE char *path = xasprintf("%s/", overlay.list[i].path);

		FUZZ_CHECK(path[0] == '/' && !strstr(path, "/../") && !strstr(path, "/./"));
		FUZZ_CHECK(overlay.list[i].type != FILE_SYMLINK || overlay.list[i].target);
	}
	return 0;
}
