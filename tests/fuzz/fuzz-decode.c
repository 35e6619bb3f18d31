/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a packed image holds: what is decoded is within its limit, and has the digests told. */
#include "fuzz-image.h"

#include <string.h>
#include <sys/stat.h>

#include "image/decode.h"

enum { MAX_SIZE = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options options = { .max_size = MAX_SIZE, .threads = 2 };
	AUTOERROR struct error err = ERROR_NONE, none = ERROR_NONE;
	AUTOCLOSE int from = fuzz_file(data, size, 0);
	AUTOCLOSE int to = fuzz_file(NULL, 0, 0);
	struct decode_result result;
	uint8_t digest[DIGEST_SIZE];
	struct stat st;

	if (decode_image(from, to, &options, &result, &err) < 0) {
		FUZZ_CHECK(err.code < 0 && err.message);
		return 0;
	}

	FUZZ_CHECK(result.size > 0 && result.size <= MAX_SIZE);
	FUZZ_CHECK(fstat(to, &st) == 0 && (uint64_t)st.st_size == result.size);
	FUZZ_CHECK(sparse_digest_file(to, digest, &none) == 0);
	FUZZ_CHECK(memcmp(digest, result.data_digest, DIGEST_SIZE) == 0);
	digest_sha256(data, size, digest);
	FUZZ_CHECK(memcmp(digest, result.source_sha256, DIGEST_SIZE) == 0);
	return 0;
}
