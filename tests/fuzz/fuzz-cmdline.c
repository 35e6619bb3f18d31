/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever cmdline.txt holds, an edit is one line and changes nothing the second time. */
#include "plan/cmdline.h"

#include <string.h>

#include "fuzz.h"

static int edit(const char *text, char **ret, struct error *err)
{
	AUTOFREE char *set = NULL, *added = NULL;

	int r = cmdline_set(text, "root", "PARTUUID=00c0ffee-02", &set, err);
	if (r == 0)
		r = cmdline_add(set, "cgroup_enable=memory", &added, err);
	if (r == 0)
		r = cmdline_remove(added, "rw", ret, err);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text(data, size), *once = NULL, *twice = NULL;
	AUTOERROR struct error err = ERROR_NONE;

	AUTOFREE char *old = cmdline_get(text, "root");
	if (edit(text, &once, &err) < 0)
		return 0;

	FUZZ_CHECK(strchr(once, '\n') == once + strlen(once) - 1);
	FUZZ_CHECK(edit(once, &twice, &err) == 0);
	FUZZ_CHECK(strcmp(once, twice) == 0);

	AUTOFREE char *root = cmdline_get(once, "root");
	FUZZ_CHECK(root && strcmp(root, "PARTUUID=00c0ffee-02") == 0);
	return 0;
}
