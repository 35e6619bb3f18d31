/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz.h"
#include "secrets/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUNDLE struct bundle bundle = { 0 };
	AUTOBUF struct buf text = { 0 };
	unsigned line = 0, column = 0;

	buf_add(&text, data, size);
	if (bundle_parse(&text, &bundle, &line, &column, &err) < 0) {
		FUZZ_CHECK(!bundle.token && !bundle.ca_key.data);
		return 0;
	}

	FUZZ_CHECK(strlen(bundle.token) == 23);
	FUZZ_CHECK(!bundle.certificate_key || strlen(bundle.certificate_key) == 64);
	FUZZ_CHECK((bundle.ca_hash != NULL) == (bundle.ca_key.len > 0));
	return 0;
}
