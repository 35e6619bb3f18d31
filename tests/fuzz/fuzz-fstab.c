/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever fstab holds, no swap and no old id is left, and a second edit changes nothing. */
#include "plan/fstab.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text(data, size), *once = NULL, *twice = NULL;
	struct fstab_entry entry;

	fstab_edit(text, "1a2b3c4d", "00c0ffee", &once);
	fstab_edit(once, "1a2b3c4d", "00c0ffee", &twice);
	FUZZ_CHECK(strcmp(once, twice) == 0);

	for (const char *pos = once; fstab_next(&pos, &entry);) {
		AUTOFREE char *device = xstrndup(entry.device.start, entry.device.len);

		FUZZ_CHECK(!line_is(&entry.type, "swap"));
		FUZZ_CHECK(strncasecmp(device, "PARTUUID=1a2b3c4d-", 18) != 0 ||
			   !text_starts(device, "PARTUUID="));
	}
	return 0;
}
