/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever config.txt holds, nib's block is the end of it, and stays as it is. */
#include "plan/configtxt.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const filters[] = { "pi5", NULL };
	static const char *const lines[] = { "arm_freq=1500", NULL };
	AUTOFREE char *text = fuzz_text(data, size), *once = NULL, *twice = NULL;
	AUTOERROR struct error err = ERROR_NONE;

	AUTOFREE char *kernel = configtxt_get(text, filters, "kernel");
	if (configtxt_set(text, lines, &once, &err) < 0)
		return 0;

	FUZZ_CHECK(configtxt_set(once, lines, &twice, &err) == 0);
	FUZZ_CHECK(strcmp(once, twice) == 0);

	AUTOFREE char *value = configtxt_get(once, NULL, "arm_freq");
	FUZZ_CHECK(value && strcmp(value, "1500") == 0);
	return 0;
}
