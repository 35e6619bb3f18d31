/* SPDX-License-Identifier: Apache-2.0 */
#include "util/digest.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/alloc.h"

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

/* What OpenSSL calls it; it has no members of ours. */
static EVP_MD_CTX *context(struct digest *digest)
{
	return (EVP_MD_CTX *)digest;
}

struct digest *digest_new(void)
{
	EVP_MD_CTX *new = EVP_MD_CTX_new();

	/* Without memory, as all of util/alloc.h. */
	if (!new || !EVP_DigestInit_ex(new, EVP_sha256(), NULL))
		abort();
	return (struct digest *)new;
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	int ok = EVP_DigestUpdate(context(digest), data, len);

	assert(ok);
	(void)ok;
}

void digest_end(struct digest *digest, uint8_t ret[static DIGEST_SIZE])
{
	int ok = EVP_DigestFinal_ex(context(digest), ret, NULL);

	assert(ok);
	(void)ok;
}

void digest_free(struct digest *digest)
{
	EVP_MD_CTX_free(context(digest));
}

int digest_file(int fd, uint8_t ret[static DIGEST_SIZE], struct error *err)
{
	static const size_t chunk = 1 << 20;
	AUTODIGEST struct digest *digest = digest_new();
	AUTOFREE char *data = xcalloc(1, chunk);
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, data, chunk, at)) > 0; at += n)
		digest_add(digest, data, (size_t)n);
	if (n < 0)
		return error_set_errno(err, -errno, "read");

	digest_end(digest, ret);
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

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(const char *text, uint8_t ret[static DIGEST_SIZE])
{
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = nibble(text[2 * i]);
		int low = high < 0 ? -1 : nibble(text[2 * i + 1]);

		if (low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}

	return text[DIGEST_HEX_SIZE - 1] == '\0';
}
