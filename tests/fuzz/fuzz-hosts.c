/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever hosts holds, the node's name is there once, and a second edit changes nothing. */
#include "plan/hosts.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const gone[] = { "raspberrypi", NULL };
	static const struct hosts_entry entries[] = { { "10.0.0.1", "node1" } };
	AUTOFREE char *text = fuzz_text(data, size), *once = NULL, *twice = NULL;
	AUTOERROR struct error err = ERROR_NONE;

	if (hosts_set(text, "node0", gone, entries, 1, &once, &err) < 0)
		return 0;

	FUZZ_CHECK(hosts_set(once, "node0", gone, entries, 1, &twice, &err) == 0);
	FUZZ_CHECK(strcmp(once, twice) == 0);

	const char *line = strstr(once, "127.0.1.1\tnode0\n");
	FUZZ_CHECK(line);
	return 0;
}
