/* SPDX-License-Identifier: Apache-2.0 */
/* authorized_keys is the user's own file, but nothing in it may lead us out of bounds. */
#include "fuzz.h"
#include "secrets/sshkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf text = { 0 };
	unsigned line = 0, column = 0;

	buf_add(&text, data, size);
	if (sshkey_check(&text, &line, &column, &err) < 0) {
		FUZZ_CHECK(line >= 1 && column >= 1);
		FUZZ_CHECK(column <= size + 1);
		return 0;
	}

	/* A file of good lines is good twice. */
	AUTOERROR struct error again = ERROR_NONE;
	buf_adds(&text, "\n");
	buf_add(&text, data, size);
	FUZZ_CHECK(sshkey_check(&text, &line, &column, &again) == 0);
	return 0;
}
