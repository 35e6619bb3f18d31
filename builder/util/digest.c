/* SPDX-License-Identifier: Apache-2.0 */
#include "util/digest.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include "util/alloc.h"

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

void digest_sha256(const void *data, size_t len, uint8_t ret[static DIGEST_SIZE])
{
	int ok = EVP_Digest(data, len, ret, NULL, EVP_sha256(), NULL);

	assert(ok);
	(void)ok;
}

void digest_hmac(const void *key, size_t key_len, const void *data, size_t len,
		 uint8_t ret[static DIGEST_SIZE])
{
	const uint8_t *mac = HMAC(EVP_sha256(), key, (int)key_len, data, len, ret, NULL);

	assert(mac);
	(void)mac;
}

int digest_file(int fd, uint8_t ret[static DIGEST_SIZE], struct error *err)
{
	static const size_t chunk = 1 << 20;
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	AUTOFREE char *data = xcalloc(1, chunk);
	ssize_t n;

	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
		return error_set(err, -ENOMEM, "set up SHA-256");

	for (off_t at = 0; (n = pread(fd, data, chunk, at)) > 0; at += n)
		if (!EVP_DigestUpdate(context, data, (size_t)n))
			return error_set(err, -EIO, "compute SHA-256");

	if (n < 0)
		return error_set_errno(err, -errno, "read");

	if (!EVP_DigestFinal_ex(context, ret, NULL))
		return error_set(err, -EIO, "compute SHA-256");
	return 0;
}

void digest_hex(const uint8_t digest[static DIGEST_SIZE], char ret[static DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[DIGEST_HEX_SIZE - 1] = '\0';
}
