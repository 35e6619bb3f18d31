/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of a server: no redirect leads out of https, and no message shows a password. */
#include <string.h>

#include "fuzz.h"
#include "image/fetch-parts.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	CLEANUP(response_free) struct response response = RESPONSE_NONE;
	AUTOFREE char *text = fuzz_text(data, size);
	AUTOFREE char *next = NULL;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		response_add(&response, line, len + (line[len] == '\n'));
		line += len + (line[len] == '\n');
	}

	FUZZ_CHECK(!response.etag || response.etag[0] == '"');
	if (!response.location ||
	    fetch_follow("https://host/path?query", response.location, &next, &err) < 0)
		return 0;

	FUZZ_CHECK(text_starts(next, "https://"));
	AUTOFREE char *shown = fetch_shown_url(next);
	const char *host = shown + strlen("https://");
	const char *at = memchr(host, '@', strcspn(host, "/"));
	FUZZ_CHECK(text_starts(shown, "https://"));
	FUZZ_CHECK(!at || text_starts(host, "***@"));
	return 0;
}
